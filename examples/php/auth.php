<?php
/**
 * What `wsmesh serve --auth-url http://127.0.0.1/auth.php --session-cookie PHPSESSID` asks: who has
 * this session? Let only the nodes reach it (nginx: allow 10.0.0.0/8; deny all).
 */
require __DIR__ . '/sessions.php';

$asked = json_decode(file_get_contents('php://input'), true);
$session = is_array($asked) ? ($asked['session'] ?? '') : '';
if (!is_string($session) || !preg_match('/^[a-zA-Z0-9,-]{22,128}$/', $session)) {
    http_response_code(403);
    exit;
}

// Strict: an id that PHP did not make is nobody's, and no session is made of it.
session_id($session);
session_start([
    'use_strict_mode' => true, 'use_cookies' => false, 'cache_limiter' => '',
    'read_and_close' => true,
]);
if (!isset($_SESSION['user']) || session_id() !== $session) {
    http_response_code(403);
    exit;
}

header('Content-Type: application/json');
echo json_encode([
    'user' => $_SESSION['user'],
    'groups' => $_SESSION['groups'] ?? [],
    'language' => $_SESSION['language'] ?? null,
    // Asked again then: who goes on using the site keeps the tab.
    'session_expire' => time() + (int) ini_get('session.gc_maxlifetime'),
]);

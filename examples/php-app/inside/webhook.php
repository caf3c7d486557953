<?php
/**
 * What the nodes ask for each `chat/say` of a client: `wsmesh serve --webhook 'chat/*=…'`. nginx
 * lets nobody else reach it, and the signature says that it is a node.
 */
require __DIR__ . '/common.php';

function isOurs(string $body, string $key): bool
{
    [$id, $time] = [$_SERVER['HTTP_WEBHOOK_ID'] ?? '', $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? ''];
    if ($key === '' || abs(time() - (int) $time) > 300) {
        return false;
    }
    $bytes = base64_decode(substr($key, strlen('whsec_')));
    $right = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $bytes, true));
    $given = explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '');
    return array_filter($given, fn ($each) => hash_equals($right, $each)) !== [];
}

header('Content-Type: application/json');
$body = file_get_contents('php://input');
if (!isOurs($body, (string) getenv('WSMESH_WEBHOOK_KEY'))) {
    http_response_code(401);
    exit;
}
$asked = json_decode($body, true);
[, $key] = $asked['details'] + ['', ''];
$text = is_string($asked['details'][0] ?? null) ? trim($asked['details'][0]) : '';
if (!is_string($key) || !preg_match('/^[0-9a-f-]{36}$/', $key) || !preg_match('/^.{1,500}$/su', $text)) {
    echo json_encode(['error' => [400, 'Say something, in 500 letters at most']]);
    exit;
}
// The key is the page's own. What is said again changes nothing: neither the table nor what is delivered.
$message = md5("{$asked['user']} $key");
db()->prepare('INSERT IGNORE INTO chat (message, user_id, text) VALUES (?, ?, ?)')
    ->execute([$message, $asked['user'], $text]);
echo json_encode(['reply' => [], 'publish' => [[
    'action' => 'chat/said',
    'details' => [$asked['user'], $text, $message],
    'target' => ['registered' => true],
    'id' => $message,
]]]);

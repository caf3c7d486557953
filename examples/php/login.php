<?php
/** Logs in. A real page asks for a password; the cookie is PHPSESSID, as ever. */
require __DIR__ . '/sessions.php';

session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true]);
session_regenerate_id(true);
$_SESSION['user'] = (int) ($_POST['user'] ?? 0);
$_SESSION['groups'] = ['members'];
echo 'Welcome, ', $_SESSION['user'], "\n";

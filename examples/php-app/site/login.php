<?php
/** Any name is let in: a real page asks for a password. */
require __DIR__ . '/../inside/common.php';
openSession();
// Else a page of another site could log its reader in under a name of its choice.
if ($_SERVER['REQUEST_METHOD'] === 'POST' && !isFromHere()) {
    http_response_code(403);
    exit;
}
$name = $_POST['user'] ?? '';
if ($_SERVER['REQUEST_METHOD'] === 'POST' && is_string($name) && preg_match('/^[A-Za-z0-9]{1,50}$/', $name)) {
    session_regenerate_id(true);
    $_SESSION['user'] = $name;
}
header('Location: /', true, 303);

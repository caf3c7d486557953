<?php
/** Logs out, then closes the tabs of this session on every node. In this order. */
require __DIR__ . '/sessions.php';

session_start(['use_strict_mode' => true]);
$session = session_id();
$_SESSION = [];
session_destroy();
setcookie(session_name(), '', ['expires' => 1, 'path' => '/']);

$wsmesh = getenv('WSMESH_COMMAND') ?: 'wsmesh';
exec("$wsmesh kick --session " . escapeshellarg($session) . " --reason 'logged out' 2>&1", $lines, $exit);
// 0: tabs were closed; 5: there was none. Anything else belongs into the application's log.
if ($exit !== 0 && $exit !== 5) {
    error_log("wsmesh kick ended with $exit: " . implode(' ', $lines));
}
echo "Bye\n";

<?php
/** Ends the session, then closes its tabs on every node: in this order. */
require __DIR__ . '/../inside/common.php';
poster();
$session = session_id();
$_SESSION = [];
session_destroy();
try {
    meshByHttp()->kick(['session' => $session], 'logged out');
} catch (WsMeshException $failure) {
    // Nobody comes back with this session; an open tab goes when the nodes ask about it again.
    error_log("Tabs of a session were not closed: {$failure->getMessage()}");
}
header('Location: /', true, 303);

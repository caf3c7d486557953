<?php
/** A payment, and the message about it, in one transaction: both are, or neither. */
require __DIR__ . '/../inside/common.php';
$user = poster();
// Other requests of this session need not wait for the payment.
session_write_close();

$db = db();
$db->beginTransaction();
$db->prepare('INSERT INTO payments (user_id, euros) VALUES (?, 10)')->execute([$user]);
$payment = (int) $db->lastInsertId();
WsMesh::outbox($db)->send('paid', [$payment, 10], ['user' => $user]);
if (($_POST['end'] ?? '') === 'commit') {
    $db->commit();
    echo "Payment $payment is made";
} else {
    $db->rollBack();
    echo "Payment $payment was taken back";
}

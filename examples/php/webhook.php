<?php
/**
 * What `wsmesh serve --webhook 'chat/*=http://127.0.0.1/webhook.php'` asks, and
 * `--webhook-events http://127.0.0.1/webhook.php` tells. The key is printed by
 * `wsmesh secret webhook`.
 */

/** Whether a node of ours sent it (standardwebhooks.com), and not long ago. */
function isOurs(string $body, string $key): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $time = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if ($key === '' || abs(time() - (int) $time) > 300) {
        return false;
    }
    $bytes = base64_decode(substr($key, strlen('whsec_')));
    $right = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $bytes, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($right, $given)) {
            return true;
        }
    }
    return false;
}

$body = file_get_contents('php://input');
if (!isOurs($body, (string) getenv('WSMESH_WEBHOOK_KEY'))) {
    http_response_code(401);
    exit;
}
$asked = json_decode($body, true);

if (isset($asked['events'])) {
    foreach ($asked['events'] as $event) {
        error_log("{$event['type']} {$event['user']} at {$event['node']}");
    }
    exit;
}

header('Content-Type: application/json');
[$text] = $asked['details'] + [''];
if (!is_string($text) || trim($text) === '') {
    echo json_encode(['error' => [400, 'Say something']]);
    exit;
}
// Everybody of the group gets it on whatever node, and who said it is told that it was sent.
echo json_encode([
    'publish' => [[
        'action' => 'chat/said',
        'details' => [$asked['user'], $text],
        'target' => ['group' => 'members'],
        'id' => $asked['message'],
    ]],
    'reply' => ['sent'],
]);

<?php
require __DIR__ . '/../inside/common.php';
openSession();
$user = $_SESSION['user'] ?? null;
$e = fn (mixed $text): string => htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE);

if ($user !== null) {
    // First the place in the stream of messages, then the data: whatever comes between the two comes
    // to the page once it connects from there.
    $position = null;
    foreach (explode(' ', getenv('WSMESH_NODES')) as $node) {
        $context = stream_context_create(['http' => ['timeout' => 2]]);
        $answer = @file_get_contents("$node/position", false, $context);
        if ($answer !== false) {
            $position = json_decode($answer, true)['position'] ?? null;
            break;
        }
    }
    $chat = db()->query('SELECT message, user_id, text FROM chat ORDER BY id DESC LIMIT 50')->fetchAll();
    $paid = db()->prepare('SELECT id, euros FROM payments WHERE user_id = ? ORDER BY id DESC LIMIT 10');
    $paid->execute([$user]);
}
?><!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A shop with a chat</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<?php if ($user === null): ?>
<main class="narrow">
  <h1>A shop with a chat</h1>
  <p>Log in under any name. Do it in a second browser under another one.</p>
  <form method="post" action="/login.php">
    <input name="user" aria-label="Your name" required maxlength="50" pattern="[A-Za-z0-9]+" autofocus>
    <button>Log in</button>
  </form>
</main>
<?php else: ?>
<header>
  <strong><?= $e($user) ?></strong>
  <span id="state" role="status">connecting…</span>
  <form method="post" action="/logout.php"><button>Log out</button></form>
</header>
<main>
  <section>
    <h2>Chat</h2>
    <ol id="chat" aria-live="polite"><?php foreach (array_reverse($chat) as $said): ?>
      <li data-id="<?= $e($said['message']) ?>"><b><?= $e($said['user_id']) ?></b> <?= $e($said['text']) ?></li>
    <?php endforeach ?></ol>
    <form id="say"><input aria-label="Message" maxlength="500" autocomplete="off"><button>Say</button></form>
    <p id="trouble" role="alert"></p>
  </section>
  <section>
    <h2>Pay</h2>
    <p>
      <button data-pay="commit">Pay 10 €</button>
      <button data-pay="rollback">Pay, and fail at the end</button>
    </p>
    <p id="answer" role="status"></p>
    <h3>Messages about payments</h3>
    <ol id="paid" aria-live="polite"><?php foreach (array_reverse($paid->fetchAll()) as $row): ?>
      <li data-payment="<?= $e($row['id']) ?>">Payment <?= $e($row['id']) ?> of <?= $e($row['euros']) ?> € is made</li>
    <?php endforeach ?></ol>
  </section>
</main>
<script src="/wsmesh.js"></script>
<script src="/app.js" data-position="<?= $e($position) ?>"></script>
<?php endif ?>
</html>

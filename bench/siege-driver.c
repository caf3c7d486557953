/*
 * A second opinion on siege's latencies: WebSocket clients of an echo server or of a wsmesh node,
 * in C, by the same absolute schedule. Used by siege-cost.mjs: cc -O2 -o driver siege-driver.c -lm
 * && ./driver PORT CONNECTIONS RATE SECONDS BYTES RAMP [PATH]. Over the first RAMP of the SECONDS
 * the rate rises evenly, and nothing of that is measured. Prints one line of JSON, times in
 * microseconds.
 *
 * With PATH it is a wsmesh node, whose clients are let in there: stdin has a token for each, a
 * line each. Messages are published by an operator to single users. Who may be one is not known
 * here: the node's challenge goes to stdout, and the proof is the next line of stdin.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 8192, TEXT = 65536, AT_ONCE = 128, NEAR_US = 150 };
typedef struct { int fd; int used; unsigned char data[BUFFER]; } conn;

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double rate, ramp;

/* Microseconds after the beginning at which message n is due. */
static double due_at(long n) {
  double of_ramp = rate * ramp / 2;
  return 1e6 * (n < of_ramp ? sqrt(2 * ramp * n / rate) : ramp + (n - of_ramp) / rate);
}

static void die(const char *what) { perror(what); exit(1); }

static int dial(int port, const char *path, const char *protocol) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  char head[512];
  int size = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s\r\n", path, port,
    *protocol ? "Sec-WebSocket-Protocol: " : "", protocol, *protocol ? "\r\n" : "");
  if (write(fd, head, size) < 0) die("write");
  return fd;
}

/* The server's head, and nothing behind it. */
static void greeted(int fd) {
  char answer[2048];
  int got = 0;
  while (got < 4 || memcmp(answer + got - 4, "\r\n\r\n", 4) != 0) {
    int n = read(fd, answer + got, 1);
    if (n <= 0) die("handshake");
    got += n;
  }
}

enum { WORDS = 0x81, PING = 0x89, PONG = 0x8a };

/* A masked frame; how long it became. */
static int frame_of(unsigned char *frame, int kind, const void *content, int bytes) {
  const unsigned char *text = content;
  int at = 2;
  frame[0] = kind;
  if (bytes < 126) frame[1] = 0x80 | bytes;
  else { frame[1] = 0x80 | 126; frame[2] = bytes >> 8; frame[3] = bytes & 255; at = 4; }
  unsigned mask = 0x5ac3e117;
  memcpy(frame + at, &mask, 4);
  for (int i = 0; i < bytes; i++) frame[at + 4 + i] = text[i] ^ ((unsigned char *)&mask)[i & 3];
  return at + 4 + bytes;
}

/* All of it, also where the system takes it in parts. */
static void put(int fd, const unsigned char *bytes, int size) {
  while (size > 0) {
    int n = write(fd, bytes, size);
    if (n < 0 && errno == EAGAIN) {
      struct pollfd one = {.fd = fd, .events = POLLOUT};
      poll(&one, 1, -1);
      continue;
    }
    if (n <= 0) die("write");
    bytes += n;
    size -= n;
  }
}

/* When it is due, in 20 digits, then as much as is missing to `bytes`. */
static void text_of(char *text, double intended, int bytes) {
  memset(text, 'x', bytes);
  snprintf(text, 21, "%020.0f", intended);
  text[20] = 'x';
}

static void hit(int fd, double intended, int bytes) {
  static unsigned char frame[8 + TEXT];
  static char text[TEXT];
  text_of(text, intended, bytes);
  put(fd, frame, frame_of(frame, WORDS, text, bytes));
}

/* Wellons' "lowbias32", by which siege too chooses whom a message is for. */
static uint32_t scatter(uint32_t x) {
  x = (x ^ x >> 16) * 0x7feb352d;
  x = (x ^ x >> 15) * 0x846ca68b;
  return x ^ x >> 16;
}

/* What an operator publishes leaves together with what else is due, as soon as it is taken. */
static unsigned char together[1 << 24];
static int together_size;

static void publish(long number, int users, double intended, int bytes) {
  static char text[TEXT], json[TEXT + 256];
  text_of(text, intended, bytes - 4);
  text[bytes - 4] = 0;
  int size = snprintf(json, sizeof json, "{\"id\":%ld,\"op\":\"publish\",\"action\":\"siege\","
    "\"details\":[\"%s\"],\"target\":{\"user\":\"siege-%u\"}}", number + 1, text,
    scatter(number) % users);
  if (together_size + size + 8 > (int)sizeof together) die("the node takes nothing");
  together_size += frame_of(together + together_size, WORDS, json, size);
}

/* What is not taken waits for the next turn: what comes meanwhile must be read. */
static void leave_together(int operator) {
  if (together_size == 0) return;
  int n = write(operator, together, together_size);
  if (n < 0 && errno != EAGAIN) die("write");
  if (n <= 0) return;
  together_size -= n;
  memmove(together, together + n, together_size);
}

/* The text of the next frame, of a socket that blocks; nothing else has come behind it. */
static char *next_text(int fd) {
  static unsigned char data[TEXT];
  int used = 0, size = 0, head = 2;
  do {
    int n = read(fd, data + used, sizeof data - 1 - used);
    if (n <= 0) die("closed");
    used += n;
    size = used < 2 ? TEXT : data[1] != 126 ? data[1] : used < 4 ? TEXT : data[2] << 8 | data[3];
    head = used > 1 && data[1] == 126 ? 4 : 2;
  } while (used < head + size);
  data[head + size] = 0;
  return (char *)data + head;
}

static char *line(void) {
  static char text[TEXT];
  if (fgets(text, sizeof text, stdin) == NULL) { fprintf(stderr, "no more lines\n"); exit(1); }
  text[strcspn(text, "\n")] = 0;
  return text;
}

static void say(int fd, const char *text) {
  static unsigned char frame[8 + TEXT];
  put(fd, frame, frame_of(frame, WORDS, text, strlen(text)));
}

static void prove(int fd) {
  static char proof[TEXT + 64];
  snprintf(proof, sizeof proof,
    "{\"action\":\"Client/authentication\",\"details\":[{\"token\":\"%s\"}]}", line());
  say(fd, proof);
}

/* Many at once: one after the other would wait for the server each time. */
static void enter(conn *some, int number, int port, const char *path) {
  const char *place = path == NULL ? "/" : path, *protocol = path == NULL ? "" : "wsmesh.v1";
  for (int i = 0; i < number; i++) some[i].fd = dial(port, place, protocol);
  for (int i = 0; i < number; i++) greeted(some[i].fd);
  if (path == NULL) return;
  for (int i = 0; i < number; i++) prove(some[i].fd);
  for (int i = 0; i < number; i++) {
    if (strstr(next_text(some[i].fd), "\"ok\"") != NULL) continue;
    fprintf(stderr, "not let in\n");
    exit(1);
  }
}

static int become_operator(int port) {
  int fd = dial(port, "/mesh", "wsmesh.operator.v1");
  greeted(fd);
  printf("%s\n", next_text(fd));
  fflush(stdout);
  say(fd, line());
  if (strstr(next_text(fd), "\"proved\"") == NULL) { fprintf(stderr, "no operator\n"); exit(1); }
  return fd;
}

static void await(int poll, conn *c) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &event);
}

int main(int count, char **word) {
  if (count < 7) { fprintf(stderr, "port connections rate seconds bytes ramp\n"); return 2; }
  int port = atoi(word[1]), connections = atoi(word[2]), bytes = atoi(word[5]);
  double seconds = atof(word[4]);
  rate = atof(word[3]);
  ramp = atof(word[6]);
  long total = (long)(rate * (seconds - ramp / 2)), sent = 0, got = 0, measured = 0;
  conn *all = calloc(connections, sizeof *all);
  double *took = malloc(sizeof *took * (total + 1));
  const char *path = count > 7 ? word[7] : NULL;
  int poll = epoll_create1(0);
  for (int i = 0; i < connections; i += AT_ONCE) {
    enter(all + i, connections - i < AT_ONCE ? connections - i : AT_ONCE, port, path);
  }
  for (int i = 0; i < connections; i++) await(poll, &all[i]);
  conn operator = {.fd = path == NULL ? -1 : become_operator(port)};
  if (path != NULL) await(poll, &operator);
  double start = now_us() + 50000, end = start + seconds * 1e6 + 5e6;
  while (got < total && now_us() < end) {
    double due = start + due_at(sent);
    for (; sent < total && due <= now_us(); due = start + due_at(sent)) {
      if (path == NULL) hit(all[sent % connections].fd, due, bytes);
      else publish(sent, connections, due, bytes);
      sent++;
    }
    leave_together(operator.fd);
    /* Being woken takes some tens of microseconds: the last of the way goes by asking again. */
    double left = (sent < total ? due - now_us() : 20000) - NEAR_US;
    struct timespec wait = {0, left > 0 ? (long)(left * 1000) : 0};
    if (wait.tv_nsec > 20000000) wait.tv_nsec = 20000000;
    struct epoll_event events[256];
    int ready = epoll_pwait2(poll, events, 256, &wait, NULL);
    for (int e = 0; e < ready; e++) {
      conn *c = events[e].data.ptr;
      int n = read(c->fd, c->data + c->used, BUFFER - c->used);
      if (n < 0 && errno == EAGAIN) continue;
      if (n <= 0) { fprintf(stderr, "closed by the server\n"); return 1; }
      double at = now_us();
      c->used += n;
      int from = 0;
      while (c->used - from >= 2) {
        int size = c->data[from + 1], head = 2;
        if (size == 126) {
          if (c->used - from < 4) break;
          size = c->data[from + 2] << 8 | c->data[from + 3];
          head = 4;
        }
        if (c->used - from < head + size) break;
        unsigned char *frame = c->data + from, *text = frame + head;
        from += head + size;
        if (frame[0] == PING) {
          unsigned char pong[256];
          put(c->fd, pong, frame_of(pong, PONG, text, size));
        }
        if (path != NULL) text = memmem(text, size, "[\"", 2);
        /* Receipts are nothing that was awaited. */
        if (c == &operator || frame[0] != WORDS || text == NULL) continue;
        char digits[21] = {0};
        memcpy(digits, path == NULL ? text : text + 2, 20);
        double due_then = atof(digits);
        got++;
        if (due_then >= start + ramp * 1e6) took[measured++] = at - due_then;
      }
      memmove(c->data, c->data + from, c->used - from);
      c->used -= from;
    }
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  qsort(took, measured, sizeof *took, by_value);
#define AT(p) (measured ? took[(long)((measured - 1) * (p))] : -1)
  printf("{\"sent\":%ld,\"got\":%ld,\"p50\":%.0f,\"p90\":%.0f,\"p99\":%.0f,\"max\":%.0f,"
         "\"cpuMs\":%ld}\n", sent, got, AT(0.5), AT(0.9), AT(0.99), AT(1.0),
         (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
         (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
  return got < total;
}

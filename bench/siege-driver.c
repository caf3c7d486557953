/*
 * A second opinion on siege's latencies: WebSocket clients of an echo server, in C, by the same
 * absolute schedule. Used by siege-cost.mjs: cc -O2 -o driver siege-driver.c -lm && ./driver PORT
 * CONNECTIONS RATE SECONDS BYTES RAMP. Over the first RAMP of the SECONDS the rate rises evenly,
 * and nothing of that is measured. Prints one line of JSON, times in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 8192, NEAR_US = 150 };
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

static int dial(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const char *head = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  if (write(fd, head, strlen(head)) < 0) die("write");
  char answer[2048];
  int got = 0;
  while (got < 4 || memcmp(answer + got - 4, "\r\n\r\n", 4) != 0) {
    int n = read(fd, answer + got, 1);
    if (n <= 0) die("handshake");
    got += n;
  }
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static void hit(int fd, double intended, int bytes) {
  unsigned char frame[8 + 65536] = {0x81};
  char text[65536];
  memset(text, 'x', bytes);
  snprintf(text, sizeof text, "%020.0f", intended);
  text[20] = 'x';
  int at = 2;
  if (bytes < 126) frame[1] = 0x80 | bytes;
  else { frame[1] = 0x80 | 126; frame[2] = bytes >> 8; frame[3] = bytes & 255; at = 4; }
  unsigned mask = 0x5ac3e117;
  memcpy(frame + at, &mask, 4);
  for (int i = 0; i < bytes; i++) frame[at + 4 + i] = text[i] ^ ((unsigned char *)&mask)[i & 3];
  if (write(fd, frame, at + 4 + bytes) != at + 4 + bytes) die("write");
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
  int poll = epoll_create1(0);
  for (int i = 0; i < connections; i++) {
    all[i].fd = dial(port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
  }
  double start = now_us() + 50000, end = start + seconds * 1e6 + 5e6;
  while (got < total && now_us() < end) {
    double due = start + due_at(sent);
    for (; sent < total && due <= now_us(); due = start + due_at(sent)) {
      hit(all[sent % connections].fd, due, bytes);
      sent++;
    }
    /* Being woken takes some tens of microseconds: the last of the way goes by asking again. */
    double left = (sent < total ? due - now_us() : 20000) - NEAR_US;
    struct timespec wait = {0, left > 0 ? (long)(left * 1000) : 0};
    if (wait.tv_nsec > 20000000) wait.tv_nsec = 20000000;
    struct epoll_event events[256];
    int ready = epoll_pwait2(poll, events, 256, &wait, NULL);
    for (int e = 0; e < ready; e++) {
      conn *c = events[e].data.ptr;
      int n = read(c->fd, c->data + c->used, BUFFER - c->used);
      if (n <= 0) { if (n < 0 && errno == EAGAIN) continue; die("closed"); }
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
        char text[21] = {0};
        memcpy(text, c->data + from + head, 20);
        double due_then = atof(text);
        got++;
        if (due_then >= start + ramp * 1e6) took[measured++] = at - due_then;
        from += head + size;
      }
      memmove(c->data, c->data + from, c->used - from);
      c->used -= from;
    }
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  qsort(took, measured, sizeof *took, by_value);
#define AT(p) (measured ? took[(long)((measured - 1) * (p))] : -1)
  printf("{\"sent\":%ld,\"got\":%ld,\"p50\":%.0f,\"p90\":%.0f,\"p99\":%.0f,\"max\":%.0f,\"cpuMs\":%ld}\n",
         sent, got, AT(0.5), AT(0.9), AT(0.99), AT(1.0),
         (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
         (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
  return got < total;
}

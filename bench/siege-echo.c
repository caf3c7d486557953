/*
 * A WebSocket echo server that collects no garbage: what a generator measures at it is the
 * generator's own, the system's, and the delays that are asked for. Used by siege-cost.mjs:
 * cc -O2 -o echo siege-echo.c && ./echo [DELAY_US SHARE]...
 * The messages are dealt to the delays by their shares, evenly and always in the same order; without
 * any, each is echoed at once. Prints {"port"} and goes on until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 8192, DELAYS_MAX = 8, WAITING_MAX = 1 << 16, NEAR_US = 100 };
typedef struct { int fd, used, is_open; unsigned char data[BUFFER]; } conn;
typedef struct { double at; conn *to; int size; unsigned char frame[1100]; } waiting;
typedef struct { double us, share, dealt; long from, to; waiting *queue; } lane;

static lane lanes[DELAYS_MAX];
static int lane_count;

static void die(const char *what) { perror(what); exit(1); }

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static uint32_t turned(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* Of a text that with its end fits into two blocks: a key and the protocol's own number do. */
static void sha1(const char *text, int length, unsigned char out[20]) {
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  unsigned char block[128] = {0};
  memcpy(block, text, length);
  block[length] = 0x80;
  int blocks = length < 56 ? 1 : 2;
  block[blocks * 64 - 2] = length * 8 >> 8;
  block[blocks * 64 - 1] = length * 8;
  for (int b = 0; b < blocks; b++) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++) { memcpy(&w[i], block + b * 64 + i * 4, 4); w[i] = ntohl(w[i]); }
    for (int i = 16; i < 80; i++) w[i] = turned(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], p = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
      uint32_t f = i < 20 ? ((p & c) | (~p & d)) + 0x5a827999 : i < 40 ? (p ^ c ^ d) + 0x6ed9eba1
        : i < 60 ? ((p & c) | (p & d) | (c & d)) + 0x8f1bbcdc : (p ^ c ^ d) + 0xca62c1d6;
      uint32_t next = turned(a, 5) + f + e + w[i];
      e = d; d = c; c = turned(p, 30); p = a; a = next;
    }
    h[0] += a; h[1] += p; h[2] += c; h[3] += d; h[4] += e;
  }
  for (int i = 0; i < 5; i++) { uint32_t x = htonl(h[i]); memcpy(out + i * 4, &x, 4); }
}

static void accept_text(const char *key, char out[29]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char text[80];
  unsigned char hash[21] = {0};
  int length = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  sha1(text, length, hash);
  for (int i = 0, o = 0; i < 21; i += 3, o += 4) {
    uint32_t n = hash[i] << 16 | hash[i + 1] << 8 | hash[i + 2];
    for (int k = 0; k < 4; k++) out[o + k] = letters[n >> (18 - 6 * k) & 63];
  }
  out[27] = '=';
  out[28] = 0;
}

static void end(conn *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
}

static void put(conn *c, const void *bytes, int size) {
  if (c->fd >= 0 && write(c->fd, bytes, size) != size) end(c);
}

/* Which delay is furthest behind its share. */
static lane *dealt(void) {
  lane *best = lanes;
  for (lane *l = lanes; l < lanes + lane_count; l++) {
    l->dealt += l->share;
    if (l->dealt > best->dealt) best = l;
  }
  best->dealt -= 1;
  return best;
}

/* As it came, without the mask. */
static void answer(conn *c, unsigned char *from, int head, int size, double at) {
  unsigned char frame[BUFFER + 4], *mask = from + head;
  memcpy(frame, from, head);
  frame[1] &= 0x7f;
  for (int i = 0; i < size; i++) frame[head + i] = from[head + 4 + i] ^ mask[i & 3];
  if ((from[0] & 15) == 8) { put(c, frame, head + size); return end(c); }
  if (lane_count == 0) return put(c, frame, head + size);
  lane *l = dealt();
  if (l->to - l->from == WAITING_MAX || head + size > 1100) die("too much");
  waiting *w = &l->queue[l->to++ % WAITING_MAX];
  w->at = at + l->us;
  w->to = c;
  w->size = head + size;
  memcpy(w->frame, frame, w->size);
}

static void upgrade(conn *c) {
  c->data[c->used] = 0;
  char *text = (char *)c->data, *key = strcasestr(text, "sec-websocket-key: ");
  if (strstr(text, "\r\n\r\n") == NULL) return;
  char hash[29], head[256];
  accept_text(key == NULL ? "" : key + 19, hash);
  put(c, head, snprintf(head, sizeof head, "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", hash));
  c->used = 0;
  c->is_open = 1;
}

static void ready(conn *c) {
  if (c->fd < 0) return;
  int n = read(c->fd, c->data + c->used, BUFFER - 1 - c->used);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return end(c);
  double at = now_us();
  c->used += n;
  if (!c->is_open) return upgrade(c);
  int from = 0;
  while (c->used - from >= 2) {
    int size = c->data[from + 1] & 0x7f, head = 2;
    if (size == 126) {
      if (c->used - from < 4) break;
      size = c->data[from + 2] << 8 | c->data[from + 3];
      head = 4;
    }
    if (c->used - from < head + 4 + size) break;
    answer(c, c->data + from, head, size, at);
    from += head + 4 + size;
  }
  memmove(c->data, c->data + from, c->used - from);
  c->used -= from;
}

/* Sends what is due, and tells when the next one is. */
static double due(void) {
  double next = now_us() + 20000;
  for (lane *l = lanes; l < lanes + lane_count; l++) {
    for (; l->from < l->to && l->queue[l->from % WAITING_MAX].at <= now_us(); l->from++) {
      waiting *w = &l->queue[l->from % WAITING_MAX];
      put(w->to, w->frame, w->size);
    }
    if (l->from < l->to && l->queue[l->from % WAITING_MAX].at < next) {
      next = l->queue[l->from % WAITING_MAX].at;
    }
  }
  return next;
}

int main(int count, char **word) {
  signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i + 1 < count && lane_count < DELAYS_MAX; i += 2) {
    lanes[lane_count++] = (lane){.us = atof(word[i]), .share = atof(word[i + 1]),
      .queue = malloc(WAITING_MAX * sizeof(waiting))};
  }
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0), one = 1;
  if (bind(door, (struct sockaddr *)&at, length) < 0 || listen(door, 4096) < 0) die("listen");
  getsockname(door, (struct sockaddr *)&at, &length);
  printf("{\"port\":%d}\n", ntohs(at.sin_port));
  fflush(stdout);
  struct epoll_event door_event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
  epoll_ctl(poll, EPOLL_CTL_ADD, door, &door_event);
  for (;;) {
    double left = due() - now_us() - (lane_count > 0 ? NEAR_US : 0);
    struct timespec wait = {0, left > 0 ? (long)(left * 1000) : 0};
    int number = epoll_pwait2(poll, events, 256, &wait, NULL);
    for (int e = 0; e < number; e++) {
      if (events[e].data.ptr != NULL) { ready(events[e].data.ptr); continue; }
      for (int fd; (fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        /* What waits for one that ended may still name it: none is given back. */
        conn *c = calloc(1, sizeof *c);
        c->fd = fd;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
      }
    }
  }
}

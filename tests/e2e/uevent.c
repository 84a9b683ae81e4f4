/*
 * Has the kernel announce an event of a device to this network namespace, as it announces its own: uevent ACTION DEVPATH KEY=VALUE…
 * Source: lib/kobject_uevent.c, uevent_net_rcv: a message to the kernel from one who may is broadcast with a number of its own.
 */
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[4096];

static size_t add(size_t length, const char *format, const char *first, const char *second) {
  int added = snprintf(message + length, sizeof message - length, format, first, second);
  return length + (size_t)added + 1 < sizeof message ? length + (size_t)added + 1 : 0;
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  size_t length = add(NLMSG_HDRLEN, "%s@%s", arguments[1], arguments[2]);
  if (length) length = add(length, "ACTION=%s%s", arguments[1], "");
  if (length) length = add(length, "DEVPATH=%s%s", arguments[2], "");
  for (int index = 3; index < count && length; index++) length = add(length, "%s%s", arguments[index], "");
  if (!length) return 2;
  struct nlmsghdr *header = (struct nlmsghdr *)message;
  header->nlmsg_len = (unsigned)length;
  header->nlmsg_type = NLMSG_MIN_TYPE;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  if (descriptor < 0) return perror("socket"), 1;
  if (sendto(descriptor, message, length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) return perror("sendto"), 1;
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
  } answer;
  if (recv(descriptor, &answer, sizeof answer, 0) < (ssize_t)sizeof answer || answer.error.error != 0)
    return fprintf(stderr, "the kernel refused the event\n"), 1;
  return 0;
}

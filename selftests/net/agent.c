// SPDX-License-Identifier: GPL-2.0
/*
 * agent DEVICE: is the agent of a device, one that never gets a session, until its
 * input ends. Prints a line when it is bound.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct mnl_socket *sock;

static int fail(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	return 2;
}

static int keep_family(const struct nlmsghdr *msg, void *data)
{
	const struct nlattr *attr;
	uint16_t *family = data;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

/* Sends a request, and takes in all that comes until it is acknowledged. */
static int ask(struct nlmsghdr *msg, mnl_cb_t take, void *data)
{
	static unsigned int seq;
	char reply[16384];
	ssize_t len;
	int more = 1;

	msg->nlmsg_seq = ++seq;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_sendto(sock, msg, msg->nlmsg_len) < 0)
		return -1;
	while (more > 0) {
		len = mnl_socket_recvfrom(sock, reply, sizeof(reply));
		if (len < 0)
			return -1;
		/* Notifications to an agent have no sequence number. */
		if (((struct nlmsghdr *)reply)->nlmsg_seq != seq)
			continue;
		more = mnl_cb_run(reply, (size_t)len, seq, mnl_socket_get_portid(sock), take, data);
	}
	return more;
}

static struct nlmsghdr *begin(char *buffer, uint16_t type, uint8_t command)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));

	msg->nlmsg_type = type;
	genl->cmd = command;
	genl->version = 1;
	return msg;
}

static int find_family(uint16_t *family)
{
	char buffer[256];
	struct nlmsghdr *msg = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);

	mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, FMP_FAMILY_NAME);
	return ask(msg, keep_family, family);
}

static int bind_device(uint16_t family, uint32_t ifindex)
{
	char buffer[256];
	struct nlmsghdr *msg = begin(buffer, family, FMP_CMD_AGENT_BIND);

	mnl_attr_put_u32(msg, FMP_A_DEV_IFINDEX, ifindex);
	return ask(msg, NULL, NULL);
}

int main(int argc, char **argv)
{
	uint16_t family = 0;
	uint32_t ifindex;
	char byte;

	if (argc != 2) {
		fprintf(stderr, "Usage: agent DEVICE\n");
		return 1;
	}
	ifindex = if_nametoindex(argv[1]);
	if (!ifindex)
		return fail(argv[1]);
	sock = mnl_socket_open(NETLINK_GENERIC);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail("netlink");
	if (find_family(&family) < 0 || !family)
		return fail("family");
	if (bind_device(family, ifindex) < 0)
		return fail("bind");

	puts("bound");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	mnl_socket_close(sock);
	return 0;
}

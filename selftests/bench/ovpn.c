// SPDX-License-Identifier: GPL-2.0
/*
 * bench-ovpn DEVICE REMOTE PORT ID REMOTE-ID SEND-KEY RECEIVE-KEY
 *
 * Gives an ovpn device its peer, over a UDP socket bound to PORT, and static keys for
 * ChaCha20-Poly1305, of 64 hexadecimal digits. Each side's ID is the other's REMOTE-ID.
 * Stays behind in the background.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of <linux/ovpn.h>, which is newer than the headers of many systems. */
enum {
	OVPN_A_IFINDEX = 1,
	OVPN_A_PEER,
	OVPN_A_KEYCONF,
};

enum {
	OVPN_A_PEER_ID = 1,
	OVPN_A_PEER_REMOTE_IPV4,
	OVPN_A_PEER_REMOTE_PORT = 5,
	OVPN_A_PEER_SOCKET,
	OVPN_A_PEER_TX_ID = 24,
};

enum {
	OVPN_A_KEYCONF_PEER_ID = 1,
	OVPN_A_KEYCONF_SLOT,
	OVPN_A_KEYCONF_KEY_ID,
	OVPN_A_KEYCONF_CIPHER_ALG,
	OVPN_A_KEYCONF_ENCRYPT_DIR,
	OVPN_A_KEYCONF_DECRYPT_DIR,
};

enum {
	OVPN_A_KEYDIR_CIPHER_KEY = 1,
	OVPN_A_KEYDIR_NONCE_TAIL,
};

enum {
	OVPN_CMD_PEER_NEW = 1,
	OVPN_CMD_KEY_NEW = 6,
};

#define OVPN_CIPHER_ALG_CHACHA20_POLY1305	2
#define OVPN_KEY_SLOT_PRIMARY			0
#define OVPN_NONCE_TAIL_SIZE			8

#define KEY_SIZE	32
#define MESSAGE_SIZE	4096

static struct mnl_socket *bus;

__attribute__((noreturn))
static void fail(const char *what)
{
	fprintf(stderr, "bench-ovpn: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct nlmsghdr *begin(char *buffer, uint16_t family, uint8_t cmd)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	head->nlmsg_type = family;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(head, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return head;
}

static int read_family(const struct nlmsghdr *reply, void *family)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(uint16_t *)family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

/* Until the acknowledgement, whatever comes before. */
static void ask(struct nlmsghdr *request, mnl_cb_t fn, void *arg, const char *what)
{
	char buffer[MESSAGE_SIZE];
	int more = MNL_CB_OK;
	ssize_t len;

	if (mnl_socket_sendto(bus, request, request->nlmsg_len) < 0)
		fail(what);
	while (more > MNL_CB_STOP) {
		len = mnl_socket_recvfrom(bus, buffer, sizeof(buffer));
		if (len < 0)
			fail(what);
		more = mnl_cb_run(buffer, len, 0, 0, fn, arg);
		if (more < 0)
			fail(what);
	}
}

static uint16_t find_family(void)
{
	char buffer[MESSAGE_SIZE];
	struct nlmsghdr *head = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint16_t family = 0;

	mnl_attr_put_strz(head, CTRL_ATTR_FAMILY_NAME, "ovpn");
	ask(head, read_family, &family, "family");
	return family;
}

static int bound_socket(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (void *)&at, sizeof(at)))
		fail("socket");
	return fd;
}

static void new_peer(uint16_t family, char **argv)
{
	char buffer[MESSAGE_SIZE];
	struct nlmsghdr *head = begin(buffer, family, OVPN_CMD_PEER_NEW);
	uint16_t port = atoi(argv[3]);
	struct nlattr *nest;

	mnl_attr_put_u32(head, OVPN_A_IFINDEX, if_nametoindex(argv[1]));
	nest = mnl_attr_nest_start(head, OVPN_A_PEER);
	mnl_attr_put_u32(head, OVPN_A_PEER_ID, atoi(argv[4]));
	mnl_attr_put_u32(head, OVPN_A_PEER_TX_ID, atoi(argv[5]));
	mnl_attr_put_u32(head, OVPN_A_PEER_REMOTE_IPV4, inet_addr(argv[2]));
	mnl_attr_put_u16(head, OVPN_A_PEER_REMOTE_PORT, htons(port));
	mnl_attr_put_u32(head, OVPN_A_PEER_SOCKET, bound_socket(port));
	mnl_attr_nest_end(head, nest);
	ask(head, NULL, NULL, "peer");
}

static void put_direction(struct nlmsghdr *head, uint16_t type, const char *hex)
{
	static const uint8_t tail[OVPN_NONCE_TAIL_SIZE];
	struct nlattr *nest = mnl_attr_nest_start(head, type);
	uint8_t key[KEY_SIZE];
	unsigned int i;

	for (i = 0; i < KEY_SIZE; i++) {
		if (sscanf(hex + 2 * i, "%2hhx", &key[i]) != 1) {
			errno = EINVAL;
			fail("key");
		}
	}
	mnl_attr_put(head, OVPN_A_KEYDIR_CIPHER_KEY, sizeof(key), key);
	mnl_attr_put(head, OVPN_A_KEYDIR_NONCE_TAIL, sizeof(tail), tail);
	mnl_attr_nest_end(head, nest);
}

static void new_key(uint16_t family, char **argv)
{
	char buffer[MESSAGE_SIZE];
	struct nlmsghdr *head = begin(buffer, family, OVPN_CMD_KEY_NEW);
	struct nlattr *nest;

	mnl_attr_put_u32(head, OVPN_A_IFINDEX, if_nametoindex(argv[1]));
	nest = mnl_attr_nest_start(head, OVPN_A_KEYCONF);
	mnl_attr_put_u32(head, OVPN_A_KEYCONF_PEER_ID, atoi(argv[4]));
	mnl_attr_put_u32(head, OVPN_A_KEYCONF_SLOT, OVPN_KEY_SLOT_PRIMARY);
	mnl_attr_put_u32(head, OVPN_A_KEYCONF_KEY_ID, 0);
	mnl_attr_put_u32(head, OVPN_A_KEYCONF_CIPHER_ALG, OVPN_CIPHER_ALG_CHACHA20_POLY1305);
	put_direction(head, OVPN_A_KEYCONF_ENCRYPT_DIR, argv[6]);
	put_direction(head, OVPN_A_KEYCONF_DECRYPT_DIR, argv[7]);
	mnl_attr_nest_end(head, nest);
	ask(head, NULL, NULL, "keys");
}

int main(int argc, char **argv)
{
	uint16_t family;

	if (argc != 8) {
		fprintf(stderr, "bench-ovpn: wants seven arguments\n");
		return 2;
	}
	bus = mnl_socket_open(NETLINK_GENERIC);
	if (!bus || mnl_socket_bind(bus, 0, MNL_SOCKET_AUTOPID))
		fail("netlink");
	family = find_family();
	new_peer(family, argv);
	new_key(family, argv);
	mnl_socket_close(bus);
	/* The peer goes with the socket. */
	if (daemon(1, 0))
		fail("daemon");
	for (;;)
		pause();
}

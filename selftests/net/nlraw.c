// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the fmp family as nobody should write them.
 *
 *   nlraw requests [IFINDEX]  a table of requests is the input; a result for each, and
 *                             with IFINDEX that the device's state was left alone
 *   nlraw state IFINDEX       the device, its peers and its sessions, a line of
 *                             hexadecimal for each message, without what ages
 *   nlraw list IFINDEX        the public keys in a dump of the peers, and of the sessions
 *   nlraw fill IFINDEX N      N peers with a session each; the keys are numbers
 *   nlraw join GROUP          joins a multicast group, or says why not
 *   nlraw listen GROUP        the commands of the notifications of a group, a line each
 *
 * A line of the table is
 *
 *   NAME | COMMAND [WORD...] | ERRNO [attr=PATH] [miss=ATTRIBUTE] [text=PART OF IT]
 *
 * ERRNO is OK or as in errno(3); text= alone says that there is none. Attributes are
 * ATTRIBUTE=VALUE or, as a flag, just ATTRIBUTE; both commands and attributes may be
 * numbers. The commands link-add, link-change, link-up and link-del are followed by the
 * number of a device and are of rtnetlink; the device is of the kind fmp, and the
 * attributes of the former two are its settings. A VALUE is one of u8:N, u16:N, u32:N, be16:N, ip:ADDRESS, hex:BYTES,
 * zero:LENGTH, nest:WORD,WORD..., flat: (the same without the flag that says it is
 * nested) and rawnest:BYTES. Other words are @dump, @flags=N, @version=N, @reserved=N,
 * @cut=LENGTH (of what follows the netlink header) and @tail=BYTES.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nlname.h"

#define REQUEST_SIZE	16384
#define REPLY_SIZE	65536

static struct mnl_socket *sock, *route_sock;
static uint16_t family;

/* What the kernel said of the latest request, beside its number. */
static struct {
	char text[256];
	uint32_t offset;
	uint32_t missing;
} said;

struct request {
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head;
	struct name command;
	struct mnl_socket *to;
};

typedef void (*reply_fn)(const struct nlmsghdr *reply, void *arg);

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("nlraw: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		die("no number: %s", text);
	return value;
}

/* What has no name is its own number. */
static struct name named(const struct name *names, const char *text)
{
	const struct name *name = find_name(names, text);

	return name ? *name : (struct name){ .name = text, .number = number(text) };
}

/* --- talking to the kernel */

static void read_said(const struct nlmsghdr *reply, size_t skip)
{
	const struct nlattr *attr;

	memset(&said, 0, sizeof(said));
	if (!(reply->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, reply, skip) {
		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(said.text, sizeof(said.text), "%s", mnl_attr_get_str(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			said.offset = mnl_attr_get_u32(attr);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			said.missing = mnl_attr_get_u32(attr);
			break;
		}
	}
}

/* True at the end of the answer, of which *err is then the number. */
static bool take(const struct nlmsghdr *reply, reply_fn fn, void *arg, int *err)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(reply);

	if (reply->nlmsg_type == NLMSG_ERROR) {
		*err = -error->error;
		read_said(reply, sizeof(*error));
		return true;
	}
	if (reply->nlmsg_type == NLMSG_DONE) {
		*err = -*(const int *)mnl_nlmsg_get_payload(reply);
		read_said(reply, sizeof(int));
		return true;
	}
	if (fn)
		fn(reply, arg);
	return false;
}

static int talk_to(struct mnl_socket *to, struct nlmsghdr *request, reply_fn fn, void *arg)
{
	static char buffer[REPLY_SIZE];
	const struct nlmsghdr *reply;
	int len, err;

	if (mnl_socket_sendto(to, request, request->nlmsg_len) < 0)
		die("send: %s", strerror(errno));
	for (;;) {
		len = mnl_socket_recvfrom(to, buffer, sizeof(buffer));
		if (len < 0)
			die("receive: %s", strerror(errno));
		for (reply = (void *)buffer; mnl_nlmsg_ok(reply, len);
		     reply = mnl_nlmsg_next(reply, &len))
			if (take(reply, fn, arg, &err))
				return err;
	}
}

static int talk(struct nlmsghdr *request, reply_fn fn, void *arg)
{
	return talk_to(sock, request, fn, arg);
}

static struct mnl_socket *connect_bus(int bus)
{
	struct mnl_socket *s = mnl_socket_open(bus);
	int one = 1;

	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID))
		die("netlink: %s", strerror(errno));
	mnl_socket_setsockopt(s, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &one, sizeof(one));
	return s;
}

static struct nlmsghdr *begin(void *buffer, uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	head->nlmsg_type = type;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl = mnl_nlmsg_put_extra_header(head, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = FMP_FAMILY_VERSION;
	return head;
}

struct family {
	const char *group;
	uint32_t group_id;
};

static void read_group(const struct nlattr *group, struct family *f)
{
	const char *name = NULL;
	const struct nlattr *attr;
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(attr);
	}
	if (name && f->group && !strcmp(name, f->group))
		f->group_id = id;
}

static void read_family(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr, *group;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, attr)
			read_group(group, arg);
	}
}

/* The number of the family's multicast group of that name. */
static uint32_t connect_kernel(const char *group)
{
	struct family f = { .group = group };
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head;

	sock = connect_bus(NETLINK_GENERIC);
	head = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(head, CTRL_ATTR_FAMILY_NAME, FMP_FAMILY_NAME);
	if (talk(head, read_family, &f) || !family)
		die("no family %s", FMP_FAMILY_NAME);
	return f.group_id;
}

/* --- what there is */

struct state {
	char *text;
	size_t len;
	FILE *file;
	struct name command;
};

static bool ages(const struct name *command, uint16_t type)
{
	if (command->nested == peer_attrs)
		return type == FMP_A_PEER_LAST_RX_MS || type == FMP_A_PEER_HANDSHAKE_MS;
	return command->nested == session_attrs &&
	       (type == FMP_A_SESSION_AGE_MS || type == FMP_A_SESSION_REKEY_MS);
}

static void put_state(const struct nlmsghdr *reply, void *arg)
{
	struct state *state = arg;
	const struct nlattr *attr;
	const uint8_t *bytes;
	int i;

	fprintf(state->file, "%s ", state->command.name);
	mnl_attr_for_each(attr, reply, GENL_HDRLEN) {
		if (ages(&state->command, mnl_attr_get_type(attr)))
			continue;
		bytes = (const void *)attr;
		for (i = 0; i < attr->nla_len; i++)
			fprintf(state->file, "%02x", bytes[i]);
	}
	fputc('\n', state->file);
}

static void get(uint32_t ifindex, const char *command, uint16_t flags, reply_fn fn,
		struct state *state)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head;
	int err;

	state->command = named(command_names, command);
	head = begin(buffer, family, state->command.number, flags);
	mnl_attr_put_u32(head, FMP_A_DEV_IFINDEX, ifindex);
	err = talk(head, fn, state);
	if (err)
		die("%s: %s", command, strerror(err));
}

/* To be freed by the caller. */
static char *read_state(uint32_t ifindex)
{
	struct state state = { 0 };

	state.file = open_memstream(&state.text, &state.len);
	get(ifindex, "dev-get", 0, put_state, &state);
	get(ifindex, "peer-get", NLM_F_DUMP, put_state, &state);
	get(ifindex, "session-get", NLM_F_DUMP, put_state, &state);
	fclose(state.file);
	return state.text;
}

/* --- building requests */

static size_t unhex(uint8_t *bytes, size_t max, const char *hex)
{
	size_t len;

	for (len = 0; hex[2 * len]; len++)
		if (len == max || sscanf(hex + 2 * len, "%2hhx", &bytes[len]) != 1)
			die("not hexadecimal, or too much: %s", hex);
	return len;
}

static void put(struct request *r, uint16_t type, size_t len, const void *data)
{
	if (!mnl_attr_put_check(r->head, sizeof(r->buffer), type, len, data))
		die("too long a request");
}

static void put_address(struct request *r, uint16_t type, const char *text)
{
	uint8_t address[16];
	bool v6 = strchr(text, ':');

	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, address) != 1)
		die("no address: %s", text);
	put(r, type, v6 ? 16 : 4, address);
}

static void put_attr(struct request *r, const struct name *set, char *word);

static void put_nest(struct request *r, const struct name *attr, char *words, bool flag)
{
	struct nlattr *nest = mnl_attr_nest_start(r->head, attr->number);
	char *word, *save;

	for (word = strtok_r(words, ",", &save); word; word = strtok_r(NULL, ",", &save))
		put_attr(r, attr->nested, word);
	mnl_attr_nest_end(r->head, nest);
	if (!flag)
		nest->nla_type &= ~NLA_F_NESTED;
}

static void put_bytes(struct request *r, uint16_t type, const char *kind, const char *value)
{
	uint8_t bytes[1024] = { 0 };
	size_t len;

	if (!strcmp(kind, "zero")) {
		len = number(value);
		if (len > sizeof(bytes))
			die("too much: %s", value);
	} else if (!strcmp(kind, "hex") || !strcmp(kind, "rawnest")) {
		len = unhex(bytes, sizeof(bytes), value);
	} else {
		die("no kind of value: %s", kind);
	}
	put(r, strcmp(kind, "rawnest") ? type : type | NLA_F_NESTED, len, bytes);
}

static void put_value(struct request *r, const struct name *attr, const char *kind, char *value)
{
	uint16_t type = attr->number;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	if (!strcmp(kind, "nest") || !strcmp(kind, "flat")) {
		put_nest(r, attr, value, !strcmp(kind, "nest"));
	} else if (!strcmp(kind, "ip")) {
		put_address(r, type, value);
	} else if (!strcmp(kind, "u8")) {
		u8 = number(value);
		put(r, type, sizeof(u8), &u8);
	} else if (!strcmp(kind, "u16") || !strcmp(kind, "be16")) {
		u16 = number(value);
		if (*kind == 'b')
			u16 = htons(u16);
		put(r, type, sizeof(u16), &u16);
	} else if (!strcmp(kind, "u32")) {
		u32 = number(value);
		put(r, type, sizeof(u32), &u32);
	} else {
		put_bytes(r, type, kind, value);
	}
}

static void put_attr(struct request *r, const struct name *set, char *word)
{
	char *kind = strchr(word, '=');
	struct name attr;
	char *value;

	if (kind)
		*kind++ = '\0';
	attr = named(set, word);
	if (!kind) {
		put(r, attr.number, 0, NULL);
		return;
	}
	value = strchr(kind, ':');
	if (!value)
		die("no kind of value: %s", kind);
	*value++ = '\0';
	put_value(r, &attr, kind, value);
}

static void put_special(struct request *r, char *word)
{
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(r->head);
	char *value = strchr(word, '=');
	size_t len;

	if (value)
		*value++ = '\0';
	if (!strcmp(word, "dump")) {
		r->head->nlmsg_flags |= NLM_F_DUMP;
	} else if (!value) {
		die("unknown word: @%s", word);
	} else if (!strcmp(word, "flags")) {
		r->head->nlmsg_flags |= number(value);
	} else if (!strcmp(word, "version")) {
		genl->version = number(value);
	} else if (!strcmp(word, "reserved")) {
		genl->reserved = number(value);
	} else if (!strcmp(word, "cut")) {
		r->head->nlmsg_len = NLMSG_HDRLEN + number(value);
	} else if (!strcmp(word, "tail")) {
		len = unhex(mnl_nlmsg_get_payload_tail(r->head), 64, value);
		r->head->nlmsg_len += len;
	} else {
		die("unknown word: @%s", word);
	}
}

/* The kind, and the settings that the remaining words are. */
static void put_kind(struct request *r, char **save)
{
	struct nlattr *info = mnl_attr_nest_start(r->head, IFLA_LINKINFO), *data;
	char *word;

	mnl_attr_put_strz(r->head, IFLA_INFO_KIND, "fmp");
	data = mnl_attr_nest_start(r->head, IFLA_INFO_DATA);
	while ((word = strtok_r(NULL, " \t\n", save)))
		put_attr(r, link_attrs, word);
	mnl_attr_nest_end(r->head, data);
	mnl_attr_nest_end(r->head, info);
}

static bool is_link(const char *command)
{
	return !strncmp(command, "link-", 5);
}

static void build_link(struct request *r, const char *command, char **save)
{
	const char *index = strtok_r(NULL, " \t\n", save);
	bool del = !strcmp(command, "link-del"), add = !strcmp(command, "link-add");
	struct ifinfomsg *link;

	if (!index)
		die("no device");
	if (!route_sock)
		route_sock = connect_bus(NETLINK_ROUTE);
	r->to = route_sock;
	r->command = (struct name){ .name = command };
	r->head = mnl_nlmsg_put_header(r->buffer);
	r->head->nlmsg_type = del ? RTM_DELLINK : RTM_NEWLINK;
	r->head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	link = mnl_nlmsg_put_extra_header(r->head, sizeof(*link));
	link->ifi_index = number(index);
	if (add || !strcmp(command, "link-change"))
		put_kind(r, save);
	else if (!del)
		link->ifi_flags = link->ifi_change = IFF_UP;
}

static void build(struct request *r, char *words)
{
	const char *blank = " \t\n";
	char *save, *word = strtok_r(words, blank, &save);

	if (!word)
		die("no command");
	if (is_link(word)) {
		build_link(r, word, &save);
		return;
	}
	r->to = sock;
	r->command = named(command_names, word);
	r->head = begin(r->buffer, family, r->command.number, 0);
	while ((word = strtok_r(NULL, blank, &save))) {
		if (*word == '@')
			put_special(r, word + 1);
		else
			put_attr(r, r->command.nested, word);
	}
}

/* --- judging answers */

/* The names on the way to the attribute at an offset of a request. */
static void path_at(const struct request *r, const struct nlattr *attr, const void *end,
		    const struct name *set, char *path, size_t size)
{
	const char *at = (const char *)r->head + said.offset;
	const struct name *name;
	int len;

	for (; mnl_attr_ok(attr, (const char *)end - (const char *)attr);
	     attr = mnl_attr_next(attr)) {
		name = find_number(set, mnl_attr_get_type(attr));
		if (at >= (const char *)attr + MNL_ALIGN(attr->nla_len))
			continue;
		len = snprintf(path, size, "%s", name->name);
		if (at == (const char *)attr || !name->nested)
			return;
		path[len++] = '.';
		path_at(r, mnl_attr_get_payload(attr), (const char *)attr + attr->nla_len,
			name->nested, path + len, size - len);
		return;
	}
}

static void describe(const struct request *r, int err, char *text, size_t size)
{
	int len = snprintf(text, size, "%s", err ? strerrorname_np(err) : "OK");
	char path[64] = "?";

	if (said.offset && r->to == sock) {
		path_at(r, mnl_nlmsg_get_payload_offset(r->head, GENL_HDRLEN),
			mnl_nlmsg_get_payload_tail(r->head), r->command.nested, path, sizeof(path));
		len += snprintf(text + len, size - len, " attr=%s", path);
	}
	if (said.missing)
		len += snprintf(text + len, size - len, " miss=%s",
				find_number(r->command.nested, said.missing)->name);
	snprintf(text + len, size - len, " text=%s", said.text);
}

/* All but the text is to be the same; of the text a part is enough, if there is any. */
static bool as_wanted(const char *got, const char *wanted)
{
	const char *text = strstr(wanted, "text=");
	size_t head = text ? (size_t)(text - wanted) : strlen(wanted);
	const char *got_text = strstr(got, "text=");

	while (head && wanted[head - 1] == ' ')
		head--;
	if (strncmp(got, wanted, head) || got + head + 1 != got_text)
		return false;
	if (text && !text[5])
		return !got_text[5];
	return !text || strstr(got_text + 5, text + 5);
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\n");
	for (end = text + strlen(text); end > text && strchr(" \t\n", end[-1]); end--)
		end[-1] = '\0';
	return text;
}

static void try_line(char *line, uint32_t ifindex)
{
	static struct request r;
	char *before = NULL, *after = NULL;
	char *save, *name, *words, *wanted;
	bool same, good;
	char got[512];

	name = strtok_r(line, "|", &save);
	words = strtok_r(NULL, "|", &save);
	wanted = strtok_r(NULL, "|", &save);
	if (!wanted)
		die("not a line of the table: %s", line);
	name = trim(name);
	wanted = trim(wanted);

	if (ifindex)
		before = read_state(ifindex);
	build(&r, words);
	describe(&r, talk_to(r.to, r.head, NULL, NULL), got, sizeof(got));
	if (ifindex)
		after = read_state(ifindex);

	good = as_wanted(got, wanted);
	same = !ifindex || !strcmp(before, after);
	if (!good)
		printf("# wanted: %s\n# got:    %s\n", wanted, got);
	if (!same)
		printf("# before:\n# %s# after:\n# %s", before, after);
	printf("%s %s\n", good && same ? "ok" : "not ok", name);
	free(before);
	free(after);
}

static void try_table(uint32_t ifindex)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		if (*trim(line))
			try_line(line, ifindex);
	free(line);
}

/* --- many objects */

static void put_key(const struct nlmsghdr *reply, void *arg)
{
	struct state *state = arg;
	const struct nlattr *attr;
	const uint8_t *key;
	int i;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != FMP_A_PEER_PUBLIC_KEY)
			continue;
		key = mnl_attr_get_payload(attr);
		printf("%s ", state->command.name);
		for (i = 0; i < FMP_PUBLIC_KEY_SIZE; i++)
			printf("%02x", key[i]);
		putchar('\n');
	}
}

static void list(uint32_t ifindex)
{
	struct state state = { 0 };

	get(ifindex, "peer-get", NLM_F_DUMP, put_key, &state);
	get(ifindex, "session-get", NLM_F_DUMP, put_key, &state);
}

static void fill_one(uint32_t ifindex, uint32_t n)
{
	uint8_t public_key[FMP_PUBLIC_KEY_SIZE] = { 0 };
	uint8_t key[FMP_KEY_SIZE] = { 0 };
	char buffer[REQUEST_SIZE];
	uint32_t be = htonl(n);
	struct nlmsghdr *head;

	memcpy(public_key + sizeof(public_key) - sizeof(be), &be, sizeof(be));
	head = begin(buffer, family, FMP_CMD_PEER_NEW, 0);
	mnl_attr_put_u32(head, FMP_A_PEER_IFINDEX, ifindex);
	mnl_attr_put(head, FMP_A_PEER_PUBLIC_KEY, sizeof(public_key), public_key);
	/* Of very many, a slow kernel would do nothing else. */
	mnl_attr_put_u16(head, FMP_A_PEER_HEARTBEAT, 0);
	if (talk(head, NULL, NULL))
		die("peer %u: %s", n, said.text);

	head = begin(buffer, family, FMP_CMD_SESSION_NEW, 0);
	mnl_attr_put_u32(head, FMP_A_SESSION_IFINDEX, ifindex);
	mnl_attr_put(head, FMP_A_SESSION_PUBLIC_KEY, sizeof(public_key), public_key);
	mnl_attr_put_u32(head, FMP_A_SESSION_REMOTE_INDEX, n);
	mnl_attr_put(head, FMP_A_SESSION_SEND_KEY, sizeof(key), public_key);
	mnl_attr_put(head, FMP_A_SESSION_RECEIVE_KEY, sizeof(key), key);
	if (talk(head, NULL, NULL))
		die("session %u: %s", n, said.text);
}

/* --- notifications */

static void join(const char *name)
{
	uint32_t group = connect_kernel(name);

	if (!group)
		die("no group %s", name);
	if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		printf("%s\n", strerrorname_np(errno));
		exit(1);
	}
}

static void listen_to(const char *group)
{
	static char buffer[REPLY_SIZE];
	const struct genlmsghdr *genl;
	const struct nlmsghdr *msg;
	int len;

	join(group);
	setlinebuf(stdout);
	puts("listening");
	while ((len = mnl_socket_recvfrom(sock, buffer, sizeof(buffer))) > 0) {
		for (msg = (void *)buffer; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
			genl = mnl_nlmsg_get_payload(msg);
			puts(find_number(command_names, genl->cmd)->name);
		}
	}
	die("receive: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint32_t ifindex, n;

	if (argc > 2 && !strcmp(what, "join")) {
		join(argv[2]);
		return 0;
	}
	if (argc > 2 && !strcmp(what, "listen"))
		listen_to(argv[2]);

	connect_kernel(NULL);
	ifindex = argc > 2 ? number(argv[2]) : 0;
	if (!strcmp(what, "requests")) {
		try_table(ifindex);
	} else if (ifindex && !strcmp(what, "state")) {
		fputs(read_state(ifindex), stdout);
	} else if (ifindex && !strcmp(what, "list")) {
		list(ifindex);
	} else if (ifindex && !strcmp(what, "fill") && argc > 3) {
		for (n = 1; n <= number(argv[3]); n++)
			fill_one(ifindex, n);
	} else {
		die("requests, state, list, fill, join or listen");
	}
	return 0;
}

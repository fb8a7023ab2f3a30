// SPDX-License-Identifier: GPL-2.0
#include "rtnl.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "print.h"
#include "util.h"

#define KIND "fmp"

static size_t size_of(const struct address *address)
{
	return address_bits(address->family) / 8;
}

static int finish(struct nl *nl, struct message *msg)
{
	int err = nl_do(nl, msg, NULL, NULL);

	message_free(msg);
	return err;
}

/* --- links */

static void start_link(struct message *msg, uint16_t type, uint16_t flags,
		       const struct ifinfomsg *link)
{
	message_init_typed(msg, type, flags, link, sizeof(*link));
}

int rtnl_create_link(struct nl *nl, const char *name, uint32_t mtu)
{
	struct ifinfomsg link = { 0 };
	struct message msg;
	size_t info;
	int err;

	start_link(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link);
	put_string(&msg, IFLA_IFNAME, name);
	if (mtu)
		put_u32(&msg, IFLA_MTU, mtu);
	info = nest_open(&msg, IFLA_LINKINFO);
	put_string(&msg, IFLA_INFO_KIND, KIND);
	nest_close(&msg, info);
	err = finish(nl, &msg);
	if (err == -EOPNOTSUPP)
		return refused("the kernel has no devices of type '%s': is the fmp module there?", KIND);
	return err ? nl_refused(nl, err, "cannot make the device '%s'", name) : STATUS_OK;
}

int rtnl_delete_link(struct nl *nl, uint32_t ifindex)
{
	struct ifinfomsg link = { .ifi_index = (int)ifindex };
	struct message msg;
	int err;

	start_link(&msg, RTM_DELLINK, 0, &link);
	err = finish(nl, &msg);
	return err ? nl_refused(nl, err, "cannot remove the device") : STATUS_OK;
}

int rtnl_set_mtu(struct nl *nl, uint32_t ifindex, uint32_t mtu)
{
	struct ifinfomsg link = { .ifi_index = (int)ifindex };
	struct message msg;
	int err;

	start_link(&msg, RTM_NEWLINK, 0, &link);
	put_u32(&msg, IFLA_MTU, mtu);
	err = finish(nl, &msg);
	return err ? nl_refused(nl, err, "cannot set the MTU to %u", mtu) : STATUS_OK;
}

int rtnl_set_up(struct nl *nl, uint32_t ifindex)
{
	struct ifinfomsg link = {
		.ifi_index = (int)ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP,
	};
	struct message msg;
	int err;

	start_link(&msg, RTM_NEWLINK, 0, &link);
	err = finish(nl, &msg);
	return err ? nl_refused(nl, err, "the device does not go up") : STATUS_OK;
}

static int take_mtu(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr;
	uint32_t *mtu = arg;

	if (reply->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(reply) < sizeof(struct ifinfomsg))
		return 0;
	mnl_attr_for_each(attr, reply, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_MTU &&
		    mnl_attr_get_payload_len(attr) == sizeof(*mtu))
			*mtu = mnl_attr_get_u32(attr);
	return 0;
}

int rtnl_get_mtu(struct nl *nl, uint32_t ifindex, uint32_t *mtu)
{
	struct ifinfomsg link = { .ifi_index = (int)ifindex };
	struct message msg;
	int err;

	*mtu = 0;
	start_link(&msg, RTM_GETLINK, 0, &link);
	err = nl_do(nl, &msg, take_mtu, mtu);
	message_free(&msg);
	return err ? nl_refused(nl, err, "cannot get the MTU") : STATUS_OK;
}

/* --- addresses */

static void start_address(struct message *msg, uint16_t type, uint16_t flags, uint32_t ifindex,
			  const struct prefix *prefix)
{
	struct ifaddrmsg head = {
		.ifa_family = (uint8_t)prefix->address.family,
		.ifa_prefixlen = prefix->length,
		.ifa_index = ifindex,
	};

	message_init_typed(msg, type, flags, &head, sizeof(head));
	put_data(msg, IFA_LOCAL, &prefix->address.v6, size_of(&prefix->address));
	put_data(msg, IFA_ADDRESS, &prefix->address.v6, size_of(&prefix->address));
}

int rtnl_add_address(struct nl *nl, uint32_t ifindex, const struct plan_address *address)
{
	/* There is no neighbour who could have the address as well. */
	uint32_t flags = IFA_F_NODAD | (address->no_route ? IFA_F_NOPREFIXROUTE : 0);
	char text[PREFIX_TEXT];
	struct message msg;
	int err;

	start_address(&msg, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, ifindex, &address->prefix);
	put_u32(&msg, IFA_FLAGS, flags);
	put_u8(&msg, IFA_PROTO, RTNL_PROTOCOL);
	err = finish(nl, &msg);
	return err ? nl_refused(nl, err, "cannot add the address %s",
				prefix_text(text, &address->prefix)) : STATUS_OK;
}

/* One that went along with another is gone as well. */
int rtnl_delete_address(struct nl *nl, uint32_t ifindex, const struct plan_address *address)
{
	char text[PREFIX_TEXT];
	struct message msg;
	int err;

	start_address(&msg, RTM_DELADDR, 0, ifindex, &address->prefix);
	err = finish(nl, &msg);
	if (!err || err == -EADDRNOTAVAIL)
		return STATUS_OK;
	return nl_refused(nl, err, "cannot remove the address %s",
			  prefix_text(text, &address->prefix));
}

static bool read_address(struct address *address, int family, const struct nlattr *attr)
{
	if (family != AF_INET && family != AF_INET6)
		return false;
	address->family = family;
	if (mnl_attr_get_payload_len(attr) != size_of(address))
		return false;
	memcpy(&address->v6, mnl_attr_get_payload(attr), size_of(address));
	return true;
}

struct search {
	uint32_t ifindex;
	void *out;
};

static int take_address(const struct nlmsghdr *reply, void *arg)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(reply);
	struct plan_address found = { 0 };
	struct search *search = arg;
	struct address_list *out = search->out;
	const struct nlattr *attr;
	uint8_t protocol = 0;
	uint32_t flags = 0;

	if (reply->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(reply) < sizeof(*head) ||
	    head->ifa_index != search->ifindex)
		return 0;
	mnl_attr_for_each(attr, reply, sizeof(*head)) {
		switch (mnl_attr_get_type(attr)) {
		case IFA_ADDRESS:
			if (!found.prefix.address.family)
				read_address(&found.prefix.address, head->ifa_family, attr);
			break;
		case IFA_LOCAL:
			read_address(&found.prefix.address, head->ifa_family, attr);
			break;
		case IFA_FLAGS:
			if (mnl_attr_get_payload_len(attr) == sizeof(flags))
				flags = mnl_attr_get_u32(attr);
			break;
		case IFA_PROTO:
			if (mnl_attr_get_payload_len(attr) == sizeof(protocol))
				protocol = mnl_attr_get_u8(attr);
			break;
		}
	}
	if (!found.prefix.address.family || protocol != RTNL_PROTOCOL)
		return 0;
	found.prefix.length = head->ifa_prefixlen;
	found.no_route = flags & IFA_F_NOPREFIXROUTE;
	out->list = grow(out->list, out->count, sizeof(found));
	out->list[out->count++] = found;
	return 0;
}

static void restart_addresses(void *arg)
{
	struct search *search = arg;
	struct address_list *out = search->out;

	free(out->list);
	memset(out, 0, sizeof(*out));
}

int rtnl_addresses(struct nl *nl, uint32_t ifindex, struct address_list *out)
{
	struct ifaddrmsg head = { .ifa_index = ifindex };
	struct search search = { .ifindex = ifindex, .out = out };
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init_typed(&msg, RTM_GETADDR, 0, &head, sizeof(head));
	err = nl_dump(nl, &msg, take_address, restart_addresses, &search);
	message_free(&msg);
	return err ? nl_refused(nl, err, "cannot list the addresses") : STATUS_OK;
}

/* --- routes */

static void put_via(struct message *msg, const struct route *route)
{
	struct {
		uint16_t family;
		uint8_t bytes[16];
	} via = { .family = (uint16_t)route->via.family };

	if (route->via.family == route->to.address.family) {
		put_data(msg, RTA_GATEWAY, &route->via.v6, size_of(&route->via));
		return;
	}
	memcpy(via.bytes, &route->via.v6, size_of(&route->via));
	put_data(msg, RTA_VIA, &via, sizeof(via.family) + size_of(&route->via));
}

static int send_route(struct nl *nl, uint16_t type, uint16_t flags, uint32_t ifindex,
		      const struct route *route)
{
	struct rtmsg head = {
		.rtm_family = (uint8_t)route->to.address.family,
		.rtm_dst_len = route->to.length,
		.rtm_protocol = RTNL_PROTOCOL,
		.rtm_scope = route->via.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = route->via.family ? RTNH_F_ONLINK : 0,
	};
	struct message msg;

	message_init_typed(&msg, type, flags, &head, sizeof(head));
	if (route->to.length)
		put_data(&msg, RTA_DST, &route->to.address.v6, size_of(&route->to.address));
	put_u32(&msg, RTA_TABLE, route->table);
	put_u32(&msg, RTA_OIF, ifindex);
	if (route->via.family)
		put_via(&msg, route);
	return finish(nl, &msg);
}

static int failed_route(struct nl *nl, int err, const struct route *route, const char *what)
{
	char to[PREFIX_TEXT], via[ADDRESS_TEXT];

	prefix_text(to, &route->to);
	if (!route->via.family)
		return nl_refused(nl, err, "cannot %s the route to %s", what, to);
	return nl_refused(nl, err, "cannot %s the route to %s via %s", what, to,
			  address_text(via, &route->via));
}

int rtnl_add_route(struct nl *nl, uint32_t ifindex, const struct route *route, bool replace)
{
	uint16_t flags = NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL);
	int err = send_route(nl, RTM_NEWROUTE, flags, ifindex, route);

	return err ? failed_route(nl, err, route, "add") : STATUS_OK;
}

/* One that went with its device or its address is gone as well. */
int rtnl_delete_route(struct nl *nl, uint32_t ifindex, const struct route *route)
{
	int err = send_route(nl, RTM_DELROUTE, 0, ifindex, route);

	if (!err || err == -ESRCH)
		return STATUS_OK;
	return failed_route(nl, err, route, "remove");
}

static void read_via(struct address *via, const struct nlattr *attr)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);
	uint16_t family;

	if (len < sizeof(family))
		return;
	memcpy(&family, bytes, sizeof(family));
	if ((family == AF_INET && len == sizeof(family) + sizeof(via->v4)) ||
	    (family == AF_INET6 && len == sizeof(family) + sizeof(via->v6))) {
		via->family = family;
		memcpy(&via->v6, bytes + sizeof(family), len - sizeof(family));
	}
}

static int take_route(const struct nlmsghdr *reply, void *arg)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(reply);
	struct search *search = arg;
	struct route_list *out = search->out;
	struct route found = { 0 };
	const struct nlattr *attr;
	uint32_t ifindex = 0;

	if (reply->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(reply) < sizeof(*head) ||
	    head->rtm_protocol != RTNL_PROTOCOL || (head->rtm_flags & RTM_F_CLONED))
		return 0;
	found.table = head->rtm_table;
	found.to.length = head->rtm_dst_len;
	found.to.address.family = head->rtm_family;
	mnl_attr_for_each(attr, reply, sizeof(*head)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
			read_address(&found.to.address, head->rtm_family, attr);
			break;
		case RTA_GATEWAY:
			read_address(&found.via, head->rtm_family, attr);
			break;
		case RTA_VIA:
			read_via(&found.via, attr);
			break;
		case RTA_TABLE:
			if (mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
				found.table = mnl_attr_get_u32(attr);
			break;
		case RTA_OIF:
			if (mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
				ifindex = mnl_attr_get_u32(attr);
			break;
		}
	}
	if (ifindex != search->ifindex)
		return 0;
	out->list = grow(out->list, out->count, sizeof(found));
	out->list[out->count++] = found;
	return 0;
}

static void restart_routes(void *arg)
{
	struct search *search = arg;
	struct route_list *out = search->out;

	free(out->list);
	memset(out, 0, sizeof(*out));
}

static int list_routes(struct nl *nl, int family, struct search *search)
{
	struct rtmsg head = { .rtm_family = (uint8_t)family, .rtm_protocol = RTNL_PROTOCOL };
	struct message msg;
	int err;

	message_init_typed(&msg, RTM_GETROUTE, 0, &head, sizeof(head));
	put_u32(&msg, RTA_OIF, search->ifindex);
	err = nl_dump(nl, &msg, take_route, restart_routes, search);
	message_free(&msg);
	/* So a kernel says that has nothing of the family. */
	return err == -ENOENT || err == -EAFNOSUPPORT || err == -EOPNOTSUPP ? 0 : err;
}

int rtnl_routes(struct nl *nl, uint32_t ifindex, struct route_list *out)
{
	struct route_list six = { 0 };
	struct search search = { .ifindex = ifindex, .out = out };
	size_t i;
	int err;

	memset(out, 0, sizeof(*out));
	err = list_routes(nl, AF_INET, &search);
	search.out = &six;
	if (!err)
		err = list_routes(nl, AF_INET6, &search);
	for (i = 0; i < six.count; i++) {
		out->list = grow(out->list, out->count, sizeof(*out->list));
		out->list[out->count++] = six.list[i];
	}
	free(six.list);
	return err ? nl_refused(nl, err, "cannot list the routes") : STATUS_OK;
}

/* --- rules */

static int send_rule(struct nl *nl, uint16_t type, uint16_t flags, const struct rule *rule)
{
	bool mark = rule->kind == RULE_MARK;
	struct fib_rule_hdr head = {
		.family = (uint8_t)rule->family,
		.action = FR_ACT_TO_TBL,
		.flags = mark ? FIB_RULE_INVERT : 0,
	};
	struct message msg;

	message_init_typed(&msg, type, flags, &head, sizeof(head));
	put_u32(&msg, FRA_PRIORITY, mark ? RTNL_RULE_MARK_PRIORITY : RTNL_RULE_MAIN_PRIORITY);
	put_u8(&msg, FRA_PROTOCOL, RTNL_PROTOCOL);
	put_u32(&msg, FRA_TABLE, mark ? rule->mark : RT_TABLE_MAIN);
	if (mark)
		put_u32(&msg, FRA_FWMARK, rule->mark);
	else
		put_u32(&msg, FRA_SUPPRESS_PREFIXLEN, 0);
	return finish(nl, &msg);
}

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* Not exclusive: each device has one of RULE_MAIN, and all of these are the same. */
int rtnl_add_rule(struct nl *nl, const struct rule *rule)
{
	int err = send_rule(nl, RTM_NEWRULE, NLM_F_CREATE, rule);

	return err ? nl_refused(nl, err, "cannot add the rules of %s for the mark 0x%x",
				family_name(rule->family), rule->mark) : STATUS_OK;
}

int rtnl_delete_rule(struct nl *nl, const struct rule *rule)
{
	int err = send_rule(nl, RTM_DELRULE, 0, rule);

	if (!err || err == -ENOENT)
		return STATUS_OK;
	return nl_refused(nl, err, "cannot remove the rules of %s for the mark 0x%x",
			  family_name(rule->family), rule->mark);
}

static int take_rule(const struct nlmsghdr *reply, void *arg)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(reply);
	struct search *search = arg;
	struct rule_list *out = search->out;
	struct rule found = { 0 };
	const struct nlattr *attr;
	uint8_t protocol = 0;

	if (reply->nlmsg_type != RTM_NEWRULE || mnl_nlmsg_get_payload_len(reply) < sizeof(*head))
		return 0;
	found.family = head->family;
	found.kind = head->flags & FIB_RULE_INVERT ? RULE_MARK : RULE_MAIN;
	mnl_attr_for_each(attr, reply, sizeof(*head)) {
		if (mnl_attr_get_type(attr) == FRA_PROTOCOL &&
		    mnl_attr_get_payload_len(attr) == sizeof(protocol))
			protocol = mnl_attr_get_u8(attr);
		else if (mnl_attr_get_type(attr) == FRA_FWMARK &&
			 mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			found.mark = mnl_attr_get_u32(attr);
	}
	if (protocol != RTNL_PROTOCOL)
		return 0;
	out->list = grow(out->list, out->count, sizeof(found));
	out->list[out->count++] = found;
	return 0;
}

static void restart_rules(void *arg)
{
	struct search *search = arg;
	struct rule_list *out = search->out;

	free(out->list);
	memset(out, 0, sizeof(*out));
}

int rtnl_rules(struct nl *nl, struct rule_list *out)
{
	struct fib_rule_hdr head = { .family = AF_UNSPEC };
	struct search search = { .out = out };
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init_typed(&msg, RTM_GETRULE, 0, &head, sizeof(head));
	err = nl_dump(nl, &msg, take_rule, restart_rules, &search);
	message_free(&msg);
	return err ? nl_refused(nl, err, "cannot list the rules") : STATUS_OK;
}

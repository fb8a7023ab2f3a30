// SPDX-License-Identifier: GPL-2.0
/*
 * What failnth walks of devices, and loading the module.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failnth.h"

/* --- the module */

static int module_file;

/**
 * set_module() - choose what load_operation loads
 */
void set_module(const char *file)
{
	module_file = open(file, O_RDONLY | O_CLOEXEC);
	if (module_file < 0)
		die("%s: %s", file, strerror(errno));
}

static int load(void)
{
	return syscall(SYS_finit_module, module_file, "", 0) ? errno : 0;
}

static void unload(void)
{
	if (syscall(SYS_delete_module, "fmp", O_NONBLOCK))
		die("rmmod: %s", strerror(errno));
}

/* It is there before the first try, and after the last one. */
static void be_unloaded(void)
{
	if (syscall(SYS_delete_module, "fmp", O_NONBLOCK) && errno != ENOENT)
		die("rmmod: %s", strerror(errno));
}

const struct operation load_operation = {
	"the module is loaded", 30, .prepare = be_unloaded, .act = load, .undo = unload,
};

/* --- settings */

/**
 * set_device() - change a setting of a byte's size
 */
void set_device(uint16_t type, unsigned int value)
{
	struct request r;

	begin_request(&r, FMP_CMD_DEV_SET, 0);
	mnl_attr_put_u8(r.head, type, value);
	must_be(0, send_request(&r), "dev-set");
}

/* --- devices */

static int send_link(uint16_t type, uint16_t flags, uint32_t ifindex, unsigned int port)
{
	struct nlattr *info, *data;
	struct request r;

	begin_link(&r, type, flags, ifindex);
	info = mnl_attr_nest_start(r.head, IFLA_LINKINFO);
	mnl_attr_put_strz(r.head, IFLA_INFO_KIND, "fmp");
	data = mnl_attr_nest_start(r.head, IFLA_INFO_DATA);
	mnl_attr_put_u16(r.head, IFLA_FMP_PORT, port);
	mnl_attr_put_u32(r.head, IFLA_FMP_FWMARK, 7);
	put_ip4(&r, IFLA_FMP_LOCAL_IPV4, HERE);
	mnl_attr_put_strz(r.head, IFLA_FMP_UNDERLAY, UNDERLAY);
	mnl_attr_put_u8(r.head, IFLA_FMP_TTL, 9);
	mnl_attr_nest_end(r.head, data);
	mnl_attr_nest_end(r.head, info);
	return send_request(&r);
}

/**
 * add_link_at() - make a device
 */
int add_link_at(uint32_t ifindex)
{
	return send_link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifindex, 2300);
}

/**
 * del_link_at() - remove a device
 */
int del_link_at(uint32_t ifindex)
{
	struct request r;

	begin_link(&r, RTM_DELLINK, 0, ifindex);
	return send_request(&r);
}

static int add_link(void)
{
	return add_link_at(NEW_IFINDEX);
}

static void del_link(void)
{
	must_be(0, del_link_at(NEW_IFINDEX), "link-del");
}

static void have_link(void)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(NEW_IFINDEX, name))
		must_be(0, add_link(), "link-add");
}

static int set_link(bool up)
{
	struct request r;
	struct ifinfomsg *link;

	begin_link(&r, RTM_NEWLINK, 0, NEW_IFINDEX);
	link = mnl_nlmsg_get_payload(r.head);
	link->ifi_change = IFF_UP;
	link->ifi_flags = up ? IFF_UP : 0;
	return send_request(&r);
}

static int link_up(void)
{
	return set_link(true);
}

static void link_down(void)
{
	must_be(0, set_link(false), "down");
}

static void have_link_up(void)
{
	have_link();
	must_be(0, set_link(true), "up");
}

static int change_link(void)
{
	return send_link(RTM_NEWLINK, 0, NEW_IFINDEX, 2301);
}

static void change_link_back(void)
{
	must_be(0, send_link(RTM_NEWLINK, 0, NEW_IFINDEX, 2300), "link-change");
}

static void begin_settings(struct request *r, unsigned int port, uint32_t local)
{
	begin_request(r, FMP_CMD_DEV_SET, 0);
	mnl_attr_put_u16(r->head, FMP_A_DEV_PORT, port);
	put_ip4(r, FMP_A_DEV_LOCAL_IPV4, local);
}

static int set_port(void)
{
	struct request r;

	begin_settings(&r, PORT + 1, 0);
	return send_request(&r);
}

static int set_local(void)
{
	struct request r;

	begin_settings(&r, PORT, HERE);
	return send_request(&r);
}

static void set_back(void)
{
	struct request r;

	begin_settings(&r, PORT, 0);
	must_be(0, send_request(&r), "dev-set");
}

static void batches_off(void)
{
	set_device(FMP_A_DEV_RX_BATCH, 0);
}

static int batches_on(void)
{
	struct request r;

	begin_request(&r, FMP_CMD_DEV_SET, 0);
	mnl_attr_put_u8(r.head, FMP_A_DEV_RX_BATCH, 1);
	return send_request(&r);
}

const struct operation device_operations[] = {
	/* A device whose name could not be kept has none. */
	{ "a device is made", 20, .taken_for = EINVAL, .act = add_link, .undo = del_link },
	{ "a device is set up", 4, .prepare = have_link, .act = link_up, .undo = link_down },
	{ "a link's settings change", 4, .prepare = have_link_up, .act = change_link,
	  .undo = change_link_back },
	{ "a device moves to another port", 6, .act = set_port, .undo = set_back },
	{ "a device moves to an address", 6, .taken_for = EADDRINUSE, .act = set_local, .undo = set_back },
	{ "a device receives batches", 2, .prepare = batches_off, .act = batches_on,
	  .undo = batches_off },
	{ NULL }
};

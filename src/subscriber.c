// SPDX-License-Identifier: GPL-2.0
/*
 * Subscribers: programs that serve a device, each by one netlink socket.
 *
 * A binding ends with the socket, with the device, and when the device moves
 * to another namespace: its new owner decides anew who serves it.
 *
 * A binding points to the socket without a reference. Netlink tells of a
 * socket that was closed before it gives up its own reference, and lets a
 * grace period pass in between: whoever finds the binding in an RCU read
 * section finds the socket and its namespace as well.
 */
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "subscriber.h"

/**
 * struct fmp_binding - who fills a role
 * @sk: netlink socket, valid as long as the binding can be found
 * @portid: its address
 * @role: the role
 * @dev: netdevice that the role belongs to
 * @list: linkage into all bindings of the module
 * @rcu: for freeing
 */
struct fmp_binding {
	struct sock *sk;
	u32 portid;
	struct fmp_subscriber *role;
	const struct net_device *dev;
	struct list_head list;
	struct rcu_head rcu;
};

/* All bindings; the lock also serializes changes of who fills a role. */
static DEFINE_SPINLOCK(fmp_bindings_lock);
static LIST_HEAD(fmp_bindings);

static struct fmp_binding *
fmp_subscriber_current(const struct fmp_subscriber *subscriber)
{
	return rcu_dereference_protected(subscriber->binding,
					 lockdep_is_held(&fmp_bindings_lock));
}

/* What was done for a program ends before another one can come. */
static void fmp_binding_drop(struct fmp_binding *binding)
{
	struct fmp_subscriber *role = binding->role;

	RCU_INIT_POINTER(role->binding, NULL);
	list_del(&binding->list);
	kfree_rcu(binding, rcu);
	if (role->released)
		role->released(role);
}

/*
 * A closed socket fills no role, even before netlink tells: a socket of
 * somebody else may have its port by then.
 */
static bool fmp_binding_alive(const struct fmp_binding *binding)
{
	return !sock_flag(binding->sk, SOCK_DEAD);
}

/* Consumes @binding. */
static int fmp_subscriber_hand_over(struct fmp_binding *binding)
{
	struct fmp_binding *old;
	int err = 0;

	spin_lock(&fmp_bindings_lock);
	old = fmp_subscriber_current(binding->role);
	if (old && fmp_binding_alive(old)) {
		/* Who asks again has what it wants. */
		err = old->sk == binding->sk ? 0 : -EBUSY;
		kfree(binding);
		goto unlock;
	}
	if (old)
		fmp_binding_drop(old);
	list_add(&binding->list, &fmp_bindings);
	rcu_assign_pointer(binding->role->binding, binding);
unlock:
	spin_unlock(&fmp_bindings_lock);
	return err;
}

/**
 * fmp_subscriber_bind() - give a role to the sender of a request
 * @subscriber: the role
 * @dev: netdevice it belongs to, found in the namespace of the request
 * @request: netlink message
 *
 * The socket cannot be closed meanwhile: it is sending. Nor can the device
 * go or move.
 *
 * Context: Process context, RTNL held.
 * Return: 0, also if it has the role already; -EBUSY if another socket has
 * it, or -ENOMEM.
 */
int fmp_subscriber_bind(struct fmp_subscriber *subscriber,
			struct net_device *dev, const struct sk_buff *request)
{
	struct fmp_binding *binding;

	ASSERT_RTNL();
	binding = kzalloc_obj(*binding, GFP_KERNEL_ACCOUNT);
	if (!binding)
		return -ENOMEM;
	binding->sk = NETLINK_CB(request).sk;
	binding->portid = NETLINK_CB(request).portid;
	binding->role = subscriber;
	binding->dev = dev;
	return fmp_subscriber_hand_over(binding);
}

/**
 * fmp_subscriber_unbind() - take a role from the sender of a request
 * @subscriber: the role
 * @request: netlink message
 *
 * Context: Process context.
 * Return: 0, or -ENOENT if the sender does not have the role.
 */
int fmp_subscriber_unbind(struct fmp_subscriber *subscriber,
			  const struct sk_buff *request)
{
	struct fmp_binding *binding;
	int err = -ENOENT;

	spin_lock(&fmp_bindings_lock);
	binding = fmp_subscriber_current(subscriber);
	if (binding && binding->sk == NETLINK_CB(request).sk) {
		fmp_binding_drop(binding);
		err = 0;
	}
	spin_unlock(&fmp_bindings_lock);
	return err;
}

/**
 * fmp_subscriber_send() - send a message to who fills a role
 * @subscriber: the role
 * @msg: complete generic netlink message; consumed
 *
 * Never waits. What the receive buffer of the socket does not take is lost,
 * and netlink tells the receiver so by ENOBUFS.
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: 0, -ECONNREFUSED if nobody fills the role, or another negative
 * error.
 */
int fmp_subscriber_send(const struct fmp_subscriber *subscriber,
			struct sk_buff *msg)
{
	const struct fmp_binding *binding;

	binding = rcu_dereference(subscriber->binding);
	if (!binding || !fmp_binding_alive(binding)) {
		nlmsg_free(msg);
		return -ECONNREFUSED;
	}
	return genlmsg_unicast(sock_net(binding->sk), msg, binding->portid);
}

static void fmp_subscriber_forget(const struct net_device *dev)
{
	struct fmp_binding *binding, *next;

	spin_lock(&fmp_bindings_lock);
	list_for_each_entry_safe(binding, next, &fmp_bindings, list)
		if (binding->dev == dev)
			fmp_binding_drop(binding);
	spin_unlock(&fmp_bindings_lock);
}

static int fmp_subscriber_device_event(struct notifier_block *block,
				       unsigned long event, void *info)
{
	/* It is removed, or moves to another namespace. */
	if (event == NETDEV_UNREGISTER)
		fmp_subscriber_forget(netdev_notifier_info_to_dev(info));
	return NOTIFY_DONE;
}

static struct notifier_block fmp_subscriber_device_block = {
	.notifier_call = fmp_subscriber_device_event,
};

static void fmp_subscriber_reap(void)
{
	struct fmp_binding *binding, *next;

	spin_lock(&fmp_bindings_lock);
	list_for_each_entry_safe(binding, next, &fmp_bindings, list)
		if (!fmp_binding_alive(binding))
			fmp_binding_drop(binding);
	spin_unlock(&fmp_bindings_lock);
}

/*
 * The port that was closed says too little: another socket may have it
 * again. Sockets know better whether they are closed.
 */
static int fmp_subscriber_socket_event(struct notifier_block *block,
				       unsigned long event, void *info)
{
	const struct netlink_notify *notify = info;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		fmp_subscriber_reap();
	return NOTIFY_DONE;
}

static struct notifier_block fmp_subscriber_socket_block = {
	.notifier_call = fmp_subscriber_socket_event,
};

/**
 * fmp_subscriber_register() - let roles be filled
 *
 * Context: Process context, at module load.
 * Return: 0, or a negative error.
 */
int fmp_subscriber_register(void)
{
	int err;

	err = netlink_register_notifier(&fmp_subscriber_socket_block);
	if (err)
		return err;
	err = register_netdevice_notifier(&fmp_subscriber_device_block);
	if (err)
		netlink_unregister_notifier(&fmp_subscriber_socket_block);
	return err;
}

/**
 * fmp_subscriber_unregister() - undo fmp_subscriber_register()
 *
 * Context: Process context, no device is left.
 */
void fmp_subscriber_unregister(void)
{
	unregister_netdevice_notifier(&fmp_subscriber_device_block);
	netlink_unregister_notifier(&fmp_subscriber_socket_block);
}

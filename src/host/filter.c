/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/filter.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/install.h"
#include "host/process.h"

/* Has nft carry out commands, all or none of them (nft(8), -f). */
static int run(const struct buf *text, struct error *error)
{
	if (buf_error(text) < 0)
		return error_set(error, ENOMEM, "not enough memory for the packet filter");
	static const char *const argv[] = {INSTALL_NFT, "-f", "-", NULL};
	return process_run_input(argv, buf_text(text), error);
}

/* --- what a guest sends -------------------------------------------------------------------- */

/* A tap's rules are found by its name, however many there are. The priority is before that of the
 * bridge's own NAT (nft(8), "Chains"). */
static const char port_frame[] =
	"add table bridge vmlet\n"
	"add map bridge vmlet taps { type ifname : verdict; }\n"
	"add set bridge vmlet leases { type ether_addr . ipv4_addr; }\n"
	"add chain bridge vmlet prerouting { type filter hook prerouting priority -301; }\n"
	"flush chain bridge vmlet prerouting\n"
	"add rule bridge vmlet prerouting iifname vmap @taps\n";

static void add_rule(struct buf *buf, const char *tap, const char *rule)
{
	buf_printf(buf, "add rule bridge vmlet %s %s\n", tap, rule);
}

static void add_mac_rules(struct buf *buf, const struct port *port)
{
	buf_printf(buf,
		"add rule bridge vmlet %s ether saddr != %s drop\n"
		"add rule bridge vmlet %s ether type arp arp saddr ether != %s drop\n",
		port->tap, port->mac, port->tap, port->mac);
}

/* An address is right when it is the interface's own, or leased to it. To ask for one, a guest has
 * none (RFC 2131, 4.1; RFC 5227, 2.1.1 for ARP). */
static void add_ipv4_rules(struct buf *buf, const struct port *port)
{
	const char *tap = port->tap;
	add_rule(buf, tap, "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept");
	add_rule(buf, tap, "udp sport 67 drop");
	add_rule(buf, tap, "arp saddr ip 0.0.0.0 accept");
	if (port->address) {
		buf_printf(buf,
			"add rule bridge vmlet %s ip saddr != %s drop\n"
			"add rule bridge vmlet %s arp saddr ip != %s drop\n",
			tap, port->address, tap, port->address);
		return;
	}
	add_rule(buf, tap, "ether type ip ether saddr . ip saddr != @leases drop");
	add_rule(buf, tap, "ether type arp ether saddr . arp saddr ip != @leases drop");
}

/* Guests make their IPv6 addresses themselves: what is known is the prefix. */
static void add_ipv6_rules(struct buf *buf, const struct port *port)
{
	add_rule(buf, port->tap, "icmpv6 type nd-router-advert drop");
	buf_printf(buf, "add rule bridge vmlet %s ip6 saddr != { ::, fe80::/10", port->tap);
	for (const char *at = port->prefixes; at && *at;) {
		size_t length = strcspn(at, "+");
		buf_printf(buf, ", %.*s", (int)length, at);
		at += length + (at[length] == '+');
	}
	buf_puts(buf, " } drop\n");
}

static bool is_filtered(const struct port *port)
{
	return port->mac_filter || port->ip_filter;
}

static void add_port(struct buf *text, const struct port *port)
{
	buf_printf(text, "add chain bridge vmlet %s\nflush chain bridge vmlet %s\n", port->tap,
		port->tap);
	/* Inside a tag that nobody looks into anything would pass. */
	if (port->ip_filter && !port->trunk)
		add_rule(text, port->tap, "ether type != { ip, arp, ip6 } drop");
	if (port->mac_filter)
		add_mac_rules(text, port);
	if (port->ip_filter) {
		add_ipv4_rules(text, port);
		add_ipv6_rules(text, port);
	}
	buf_printf(
		text, "add element bridge vmlet taps { \"%s\" : jump %s }\n", port->tap, port->tap);
}

/* What is not there is added first, so that it can be taken away. */
static void remove_port(struct buf *text, const struct port *port)
{
	buf_printf(text,
		"add chain bridge vmlet %s\n"
		"add element bridge vmlet taps { \"%s\" : jump %s }\n"
		"delete element bridge vmlet taps { \"%s\" }\n"
		"flush chain bridge vmlet %s\n"
		"delete chain bridge vmlet %s\n",
		port->tap, port->tap, port->tap, port->tap, port->tap, port->tap);
}

int filter_add_port(const struct port *port, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	if (!is_filtered(port))
		return 0;
	buf_puts(&text, port_frame);
	add_port(&text, port);
	return run(&text, error);
}

/* The taps that are filtered, as nft lists them: each in quotes. Nothing when there is no table. */
static void list_taps(struct buf *output)
{
	static const char *const list[] = {
		INSTALL_NFT, "list", "map", "bridge", "vmlet", "taps", NULL};
	struct error ignored;
	if (process_read(list, output, &ignored) < 0)
		buf_reset(output);
}

static bool is_listed(const struct buf *taps, const char *tap)
{
	char quoted[IFNAMSIZ + 2];
	snprintf(quoted, sizeof(quoted), "\"%s\"", tap);
	return strstr(buf_text(taps), quoted) != NULL;
}

int filter_change_ports(const struct port *const ports[], size_t count, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	struct buf taps CLEANUP(buf_done) = {0};
	if (count == 0)
		return 0;
	list_taps(&taps);
	for (size_t i = 0; i < count; i++) {
		bool filtered = is_filtered(ports[i]);
		if (!filtered && !is_listed(&taps, ports[i]->tap))
			continue;
		if (text.length == 0)
			buf_puts(&text, port_frame);
		if (filtered)
			add_port(&text, ports[i]);
		else
			remove_port(&text, ports[i]);
	}
	int r = text.length ? run(&text, error) : buf_error(&text);
	return r < 0 ? r : filter_sweep(error);
}

int filter_sweep(struct error *error)
{
	struct buf taps CLEANUP(buf_done) = {0};
	list_taps(&taps);
	if (!taps.length || strchr(buf_text(&taps), '"'))
		return 0;
	buf_reset(&taps);
	buf_puts(&taps, "add table bridge vmlet\ndelete table bridge vmlet\n");
	return run(&taps, error);
}

int filter_remove_port(const struct port *port, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	if (!is_filtered(port))
		return 0;
	buf_puts(&text, port_frame);
	remove_port(&text, port);
	int r = run(&text, error);
	return r < 0 ? r : filter_sweep(error);
}

int filter_change_lease(bool add, const char *mac, const char *address, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	buf_puts(&text, port_frame);
	buf_printf(&text, "add element bridge vmlet leases { %s . %s }\n", mac, address);
	if (!add)
		buf_printf(&text, "delete element bridge vmlet leases { %s . %s }\n", mac, address);
	return run(&text, error);
}

/* --- NAT ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *hook;
} chains[] = {
	{"forward", "type filter hook forward priority filter"},
	{"prerouting", "type nat hook prerouting priority dstnat"},
	{"output", "type nat hook output priority -100"},
	{"postrouting", "type nat hook postrouting priority srcnat"},
};

static const char *family(const char *address)
{
	return strchr(address, ':') ? "ip6" : "ip";
}

static void add_forward_rules(struct buf *buf, const struct nat *nat)
{
	const char *chain = nat->network;
	const char *bridge = nat->bridge;
	buf_printf(buf,
		"add rule inet vmlet %s_forward iifname != \"%s\" oifname != \"%s\" accept\n"
		"add rule inet vmlet %s_forward iifname \"%s\" oifname \"%s\" %s\n",
		chain, bridge, bridge, chain, bridge, bridge,
		nat->isolate_ports ? "drop" : "accept");
	for (size_t i = 0; i < nat->address_count; i++)
		buf_printf(buf,
			"add rule inet vmlet %s_forward iifname \"%s\" %s saddr %s accept\n", chain,
			bridge, family(nat->addresses[i]), nat->addresses[i]);
	/* What is left is from a guest with an address that the network does not have, or to one
	 * that asked for nothing. */
	buf_printf(buf,
		"add rule inet vmlet %s_forward iifname \"%s\" drop\n"
		"add rule inet vmlet %s_forward ct state established,related accept\n"
		"add rule inet vmlet %s_forward ct status dnat accept\n"
		"add rule inet vmlet %s_forward reject\n",
		chain, bridge, chain, chain, chain);
}

static void add_source_rules(struct buf *buf, const struct nat *nat)
{
	const char *chain = nat->network;
	for (size_t i = 0; i < nat->address_count; i++)
		buf_printf(buf,
			"add rule inet vmlet %s_postrouting oifname != \"%s\" %s saddr %s "
			"masquerade\n",
			chain, nat->bridge, family(nat->addresses[i]), nat->addresses[i]);
	/* A guest that asks the host's port and is led to its neighbour gets its answer by way of
	 * the host. */
	buf_printf(buf,
		"add rule inet vmlet %s_postrouting iifname \"%s\" oifname \"%s\" ct status dnat "
		"masquerade\n",
		chain, nat->bridge, nat->bridge);
}

/* "tcp/8080:10.1.0.5:80" */
static void add_port_rules(struct buf *buf, const struct nat *nat, const char *port)
{
	static const char *const hooks[] = {"prerouting", "output"};
	const char *from = port + strlen("tcp/");
	const char *to = strchr(port, ':');
	for (size_t i = 0; to && i < sizeof(hooks) / sizeof(hooks[0]); i++)
		buf_printf(buf,
			"add rule inet vmlet %s_%s ip daddr != 127.0.0.0/8 fib daddr type local "
			"%.3s dport %.*s dnat ip to %s\n",
			nat->network, hooks[i], port, (int)(to - from), from, to + 1);
}

int filter_add_nat(const struct nat *nat, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	buf_puts(&text, "add table inet vmlet\n");
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		buf_printf(&text,
			"add chain inet vmlet %s_%s { %s; }\nflush chain inet vmlet %s_%s\n",
			nat->network, chains[i].name, chains[i].hook, nat->network, chains[i].name);
	add_forward_rules(&text, nat);
	add_source_rules(&text, nat);
	for (size_t i = 0; i < nat->port_count; i++)
		add_port_rules(&text, nat, nat->ports[i]);
	return run(&text, error);
}

int filter_remove_nat(const char *network, bool last, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	buf_puts(&text, "add table inet vmlet\n");
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		buf_printf(&text,
			"add chain inet vmlet %s_%s { %s; }\nflush chain inet vmlet %s_%s\n"
			"delete chain inet vmlet %s_%s\n",
			network, chains[i].name, chains[i].hook, network, chains[i].name, network,
			chains[i].name);
	if (last)
		buf_puts(&text, "delete table inet vmlet\n");
	return run(&text, error);
}

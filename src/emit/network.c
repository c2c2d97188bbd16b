/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/network.h"

#include <inttypes.h>
#include <string.h>

#include "base/install.h"
#include "emit/unit.h"
#include "plan/networks.h"
#include "spec/address.h"

#define USEC_PER_SECOND UINT64_C(1000000)
#define LEASE_DEFAULT_USEC (3600 * USEC_PER_SECOND)
/* dnsmasq refuses to remember more than it was told to (dnsmasq(8), --dhcp-lease-max). */
#define LEASES_MAX 65536

/* --- interfaces ---------------------------------------------------------------------------- */

static void add_word(struct buf *buf, const char *name, const char *value)
{
	if (!value)
		return;
	if (buf->length)
		buf_putc(buf, ',');
	buf_printf(buf, "%s=%s", name, value);
}

static void add_number(struct buf *buf, const char *name, uint64_t value)
{
	if (value)
		buf_printf(buf, ",%s=%" PRIu64, name, value);
}

static void add_flag(struct buf *buf, const char *name, bool value)
{
	add_word(buf, name, value ? "yes" : NULL);
}

static void add_vlans(struct buf *buf, const struct nic *nic)
{
	add_number(buf, "vlan", nic->vlan);
	for (size_t i = 0; i < nic->trunk.count; i++)
		buf_printf(buf, "%s%s", i ? "+" : ",trunk=", nic->trunk.items[i]);
}

static bool is_ipv6(const char *subnet)
{
	return strchr(subnet, ':') != NULL;
}

/* What the anti-spoofing filter lets through. */
static void add_filter(struct buf *buf, const struct plan_nic *nic)
{
	add_flag(buf, "mac-filter", nic->mac_filter);
	add_flag(buf, "ip-filter", nic->ip_filter);
	bool first = true;
	for (size_t i = 0; nic->ip_filter && nic->network && i < nic->network->addresses.count;
		i++) {
		if (!is_ipv6(nic->network->addresses.items[i]))
			continue;
		buf_printf(
			buf, "%s%s", first ? ",prefixes=" : "+", nic->network->addresses.items[i]);
		first = false;
	}
}

/* The name that DHCP and DNS give to the interface: the VM's first on a network is the VM. */
static void add_host(struct buf *buf, const struct plan_nic *nic)
{
	const struct network *network = nic->network;
	if (!network)
		return;
	add_word(buf, "network", network->name);
	if (!network_has_server(network))
		return;
	add_word(buf, "host", nic->vm);
	if (!nic->first_on_network)
		buf_printf(buf, "-%s", nic->nic->part.name);
}

void network_write_nic(const struct plan_nic *nic, struct buf *word)
{
	bool tap = nic->attachment == ATTACHMENT_TAP;
	add_word(word, "nic", nic->nic->part.name);
	add_word(word, "vm", nic->vm);
	add_word(word, "tap", nic->tap);
	add_word(word, "altname", nic->altname);
	add_word(word, "bridge", tap ? nic->bridge : NULL);
	add_word(word, "link", nic->nic->macvtap.link);
	if (!tap)
		add_word(word, "mode", choice_name(&macvtap_mode_names, nic->nic->macvtap.mode));
	add_word(word, "mac", nic->mac);
	add_number(word, "mtu", nic->mtu);
	add_number(word, "queues", nic->queues > 1 ? nic->queues : 0);
	if (nic->nic->vhost != AUTOMATIC)
		add_word(word, "vhost", choice_name(&automatic_names, nic->nic->vhost));
	add_vlans(word, nic->nic);
	add_flag(word, "isolated", nic->network && nic->network->isolate_ports);
	add_number(word, "inbound", nic->nic->rate.inbound);
	add_number(word, "outbound", nic->nic->rate.outbound);
	add_word(word, "address", nic->nic->address);
	add_filter(word, nic);
	add_host(word, nic);
}

/* --- the bridge ---------------------------------------------------------------------------- */

static void add_argument(struct buf *buf, struct buf *word)
{
	buf_puts(buf, " \\\n  ");
	unit_add_argument(buf, buf_text(word));
	buf->failed |= word->failed;
	buf_reset(word);
}

static void add_pair(struct buf *buf, struct buf *word, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(word, "%s=%s", name, value);
	add_argument(buf, word);
}

static void add_pair_number(struct buf *buf, struct buf *word, const char *name, uint64_t value)
{
	if (!value)
		return;
	buf_printf(word, "%s=%" PRIu64, name, value);
	add_argument(buf, word);
}

static void add_pair_flag(
	struct buf *buf, struct buf *word, const char *name, bool value, bool fallback)
{
	if (value != fallback)
		add_pair(buf, word, name, value ? "yes" : "no");
}

static void add_ports(struct buf *buf, struct buf *word, const struct network *network,
	const struct documents *documents)
{
	for (size_t i = 0; i < network->ports.count; i++) {
		const struct setting *port = &network->ports.items[i];
		const char *address = networks_port_address(documents, network, port);
		if (!address)
			continue;
		buf_printf(word, "port=%s:%s%s", port->name, address, strchr(port->value, ':'));
		add_argument(buf, word);
	}
}

static void add_start_command(
	const struct network_member *member, const struct documents *documents, struct buf *buf)
{
	const struct network *network = member->document->network;
	struct buf word CLEANUP(buf_done) = {0};
	buf_puts(buf, "ExecStart=\nExecStart=" INSTALL_LIBEXEC_DIR "/vmlet-network start ");
	buf_puts(buf, network->name);
	add_pair(buf, &word, "bridge", network->bridge);
	add_pair(buf, &word, "uplink", network->uplink);
	add_pair_flag(buf, &word, "allow-default-uplink", network->allow_default_uplink, false);
	add_pair_number(buf, &word, "mtu", network->mtu);
	add_pair_flag(buf, &word, "stp", network->stp, false);
	add_pair_number(buf, &word, "forward-delay-usec", network->forward_delay_usec);
	add_pair_number(buf, &word, "ageing-usec", network->ageing_usec);
	add_pair_flag(buf, &word, "vlan-filtering", network->vlan_filtering, false);
	add_pair_flag(buf, &word, "multicast-snooping", network->multicast_snooping, true);
	add_pair_flag(buf, &word, "isolate-ports", network->isolate_ports, false);
	for (size_t i = 0; i < network->addresses.count; i++)
		add_pair(buf, &word, "address", network->addresses.items[i]);
	add_pair_flag(buf, &word, "nat", network->nat, false);
	add_pair_flag(buf, &word, "server", network_has_server(network), false);
	add_ports(buf, &word, network, documents);
	for (size_t i = 0; i < member->nic_count; i++) {
		network_write_nic(member->nics[i], &word);
		add_argument(buf, &word);
	}
	buf_putc(buf, '\n');
}

static void begin(const struct network_member *member, struct buf *buf)
{
	unit_begin_section(buf, "Unit");
	unit_add_text(buf, "SourcePath", member->document->source->file);
}

int network_emit_dropin(
	const struct network_member *member, const struct documents *documents, struct buf *buf)
{
	const struct network *network = member->document->network;
	unit_begin_section(buf, "Unit");
	if (network->description)
		unit_add_text(buf, "Description", network->description);
	unit_add_text(buf, "SourcePath", member->document->source->file);
	if (network->uplink) {
		struct buf device CLEANUP(buf_done) = {0};
		buf_puts(&device, "sys-subsystem-net-devices-");
		unit_escape_name(&device, network->uplink);
		buf_puts(&device, ".device");
		unit_add_raw(buf, "Wants", buf_text(&device));
		unit_add_raw(buf, "After", buf_text(&device));
		buf->failed |= device.failed;
	}
	if (network_has_server(network))
		buf_printf(buf, "Wants=vm-dhcp@%s.service\n", network->name);
	if (network->dns)
		buf_printf(buf, "Wants=vm-resolve@%s.service\n", network->name);
	unit_begin_section(buf, "Service");
	add_start_command(member, documents, buf);
	return buf_error(buf);
}

void network_emit_broken(const char *name, const char *source_path, struct buf *buf)
{
	unit_begin_section(buf, "Unit");
	buf_printf(buf, "Description=Network %s (its spec has errors)\n", name);
	unit_add_text(buf, "SourcePath", source_path);
	unit_begin_section(buf, "Service");
	buf_printf(buf,
		"ExecStart=\nExecStart=+" INSTALL_BIN_DIR "/vmlet check --start-network %s\n",
		name);
}

/* --- the server ---------------------------------------------------------------------------- */

bool network_has_server(const struct network *network)
{
	return network->dhcp || network->dns;
}

static void add_option(struct buf *buf, struct buf *word, const char *option)
{
	buf_puts(word, option);
	add_argument(buf, word);
}

/* The least and greatest addresses of the subnet that a host can have. */
static struct address_range whole_subnet(const struct subnet *subnet)
{
	struct address_range range = {subnet_first(subnet), subnet_last(subnet)};
	range.first.bytes[3]++;
	range.last.bytes[3]--;
	return range;
}

static void add_ipv4_range(struct buf *buf, struct buf *word, const struct network *network,
	const struct subnet *subnet, uint64_t seconds)
{
	struct address_range range = whole_subnet(subnet);
	char first[ADDRESS_TEXT_BYTES];
	char last[ADDRESS_TEXT_BYTES];
	char netmask[ADDRESS_TEXT_BYTES];
	if (network->dhcp_range)
		address_range_parse(network->dhcp_range, &range);
	address_write(&range.first, first);
	address_write(&range.last, last);
	subnet_write_netmask(subnet, netmask);
	buf_printf(word, "--dhcp-range=%s,%s,%s,", first, last, netmask);
	if (network->dhcp_lease_usec == SPAN_INFINITE)
		buf_puts(word, "infinite");
	else
		buf_printf(word, "%" PRIu64, seconds);
	add_argument(buf, word);
}

/* Guests make their addresses themselves from the prefix (RFC 4862), which is /64 then. */
static void add_ipv6_range(struct buf *buf, struct buf *word, const struct subnet *subnet)
{
	char prefix[ADDRESS_TEXT_BYTES];
	struct address first = subnet_first(subnet);
	if (subnet->prefix != 64)
		return;
	address_write(&first, prefix);
	buf_printf(word, "--dhcp-range=%s,ra-stateless,64", prefix);
	add_argument(buf, word);
	add_option(buf, word, "--enable-ra");
}

static void add_ranges(struct buf *buf, struct buf *word, const struct network *network)
{
	uint64_t lease = network->dhcp_lease_usec ? network->dhcp_lease_usec : LEASE_DEFAULT_USEC;
	bool ipv4 = false;
	for (size_t i = 0; i < network->addresses.count; i++) {
		struct subnet subnet;
		if (subnet_parse(network->addresses.items[i], &subnet) < 0)
			continue;
		if (subnet.address.family == AF_INET6)
			add_ipv6_range(buf, word, &subnet);
		else if (!ipv4)
			add_ipv4_range(buf, word, network, &subnet, lease / USEC_PER_SECOND);
		ipv4 |= subnet.address.family == AF_INET;
	}
}

static void add_dhcp(struct buf *buf, struct buf *word, const struct network *network)
{
	add_ranges(buf, word, network);
	buf_printf(word, "--dhcp-lease-max=%d", LEASES_MAX);
	add_argument(buf, word);
	buf_printf(word, "--dhcp-leasefile=" NETWORK_STATE_ROOT "/%s/leases", network->name);
	add_argument(buf, word);
	buf_printf(word, "--dhcp-hostsdir=" NETWORK_RUNTIME_ROOT "/%s/hosts", network->name);
	add_argument(buf, word);
	add_option(buf, word, "--dhcp-authoritative");
	/* It would look for three seconds whether somebody has taken the address, and answer nobody
	 * meanwhile: guests that boot together would wait in line, and some give up. */
	add_option(buf, word, "--no-ping");
	/* Only where the host passes packets on is it a router. */
	if (!network->nat) {
		add_option(buf, word, "--dhcp-option=option:router");
		buf_printf(word, "--ra-param=%s,0,0", network->bridge);
		add_argument(buf, word);
	}
	if (network->mtu) {
		buf_printf(word, "--dhcp-option=option:mtu,%" PRIu64, network->mtu);
		add_argument(buf, word);
	}
	/* The filter of each tap lets an address through that was leased to it. */
	if (network->nat)
		add_option(buf, word, "--dhcp-script=" INSTALL_LIBEXEC_DIR "/vmlet-lease");
}

static void add_dns(struct buf *buf, struct buf *word, const struct network *network)
{
	if (!network->dns) {
		add_option(buf, word, "--port=0");
		add_option(buf, word, "--no-resolv");
		return;
	}
	buf_printf(word, "--domain=%s", network->name);
	add_argument(buf, word);
	buf_printf(word, "--local=/%s/", network->name);
	add_argument(buf, word);
	buf_printf(word, "--hostsdir=" NETWORK_RUNTIME_ROOT "/%s/names", network->name);
	add_argument(buf, word);
	add_option(buf, word, "--expand-hosts");
}

int network_emit_server(const struct network_member *member, struct buf *buf)
{
	const struct network *network = member->document->network;
	struct buf word CLEANUP(buf_done) = {0};
	begin(member, buf);
	unit_begin_section(buf, "Service");
	buf_puts(buf, "ExecStart=\nExecStart=" INSTALL_DNSMASQ);
	static const char *const always[] = {"--keep-in-foreground", "--conf-file=/dev/null",
		"--pid-file=", "--log-facility=-", "--no-hosts", "--bind-interfaces",
		"--except-interface=lo"};
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		add_option(buf, &word, always[i]);
	buf_printf(&word, "--interface=%s", network->bridge);
	add_argument(buf, &word);
	add_dns(buf, &word, network);
	if (network->dhcp)
		add_dhcp(buf, &word, network);
	buf_putc(buf, '\n');
	return buf_error(buf);
}

void network_emit_resolve(const struct network_member *member, struct buf *buf)
{
	const struct network *network = member->document->network;
	begin(member, buf);
	unit_begin_section(buf, "Service");
	buf_puts(buf, "ExecStart=\nExecStart=/usr/bin/resolvectl dns ");
	unit_add_argument(buf, network->bridge);
	for (size_t i = 0; i < network->addresses.count; i++)
		buf_printf(buf, " %.*s", (int)strcspn(network->addresses.items[i], "/"),
			network->addresses.items[i]);
	buf_puts(buf, "\nExecStart=/usr/bin/resolvectl domain ");
	unit_add_argument(buf, network->bridge);
	buf_printf(buf, " ~%s\nExecStop=\nExecStop=-/usr/bin/resolvectl revert ", network->name);
	unit_add_argument(buf, network->bridge);
	buf_putc(buf, '\n');
}

/* --- passt --------------------------------------------------------------------------------- */

/* "--tcp-ports=2222:22,8080:80", or none (passt(1)). */
static void add_forwards(
	struct buf *buf, struct buf *word, const struct settings *forwards, const char *protocol)
{
	size_t count = 0;
	buf_printf(word, "--%s-ports=", protocol);
	for (size_t i = 0; i < forwards->count; i++)
		if (strncmp(forwards->items[i].name, protocol, 3) == 0)
			buf_printf(word, "%s%s:%s", count++ ? "," : "", forwards->items[i].name + 4,
				forwards->items[i].value);
	if (!count)
		buf_puts(word, "none");
	add_argument(buf, word);
}

int network_emit_passt(const struct plan *plan, const struct plan_nic *nic, const char *source_path,
	struct buf *buf)
{
	struct buf word CLEANUP(buf_done) = {0};
	unit_begin_section(buf, "Unit");
	unit_add_text(buf, "SourcePath", source_path);
	unit_begin_section(buf, "Service");
	unit_add_raw(buf, "User", plan->user);
	buf_puts(buf, "ExecStart=\nExecStart=" INSTALL_PASST);
	add_option(buf, &word, "--one-off");
	add_pair(buf, &word, "--socket", nic->socket);
	add_forwards(buf, &word, &nic->nic->user.forwards, "tcp");
	add_forwards(buf, &word, &nic->nic->user.forwards, "udp");
	if (nic->mtu)
		add_pair_number(buf, &word, "--mtu", nic->mtu);
	buf_putc(buf, '\n');
	return buf_error(buf);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-lease: what dnsmasq runs when a guest gets or loses an address (dnsmasq(8), --dhcp-script),
 * with dnsmasq's user and capabilities. The filter of the guest's tap lets that address through.
 */
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "base/log.h"
#include "host/filter.h"
#include "spec/address.h"
#include "spec/scalar.h"

static const char help[] =
	"Usage: vmlet-lease add|old|del MAC ADDRESS [NAME]\n"
	"\n"
	"Tells the packet filter which IPv4 address was leased to which interface, or no\n"
	"longer is. dnsmasq runs it for networks with NAT.\n";

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-lease " VMLET_VERSION);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	/* dnsmasq has other words for other occasions: nothing is to be done for those. */
	bool removed = argc > 3 && strcmp(argv[1], "del") == 0;
	bool known =
		argc > 3 && (removed || strcmp(argv[1], "add") == 0 || strcmp(argv[1], "old") == 0);
	char mac[MAC_TEXT_BYTES];
	struct address address;
	if (!known || scalar_parse_mac(argv[2], mac) < 0 ||
		address_parse_ipv4(argv[3], &address) < 0)
		return 0;
	struct log log = log_open_stderr("vmlet-lease");
	struct error error = {""};
	if (filter_change_lease(!removed, mac, argv[3], &error) == 0)
		return 0;
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	return 1;
}

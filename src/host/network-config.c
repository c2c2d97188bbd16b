/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "host/network.h"
#include "spec/scalar.h"

enum word_type {
	WORD_TEXT,
	WORD_NUMBER,
	WORD_FLAG,
};

struct word {
	const char *name;
	enum word_type type;
	size_t offset;
};

#define WORD(name, type, structure, field) \
	{ \
		name, type, offsetof(struct structure, field) \
	}

static const struct word port_words[] = {
	WORD("nic", WORD_TEXT, port, nic),
	WORD("vm", WORD_TEXT, port, vm),
	WORD("tap", WORD_TEXT, port, tap),
	WORD("altname", WORD_TEXT, port, altname),
	WORD("bridge", WORD_TEXT, port, bridge),
	WORD("link", WORD_TEXT, port, link),
	WORD("mode", WORD_TEXT, port, mode),
	WORD("mac", WORD_TEXT, port, mac),
	WORD("vhost", WORD_TEXT, port, vhost),
	WORD("trunk", WORD_TEXT, port, trunk),
	WORD("address", WORD_TEXT, port, address),
	WORD("prefixes", WORD_TEXT, port, prefixes),
	WORD("network", WORD_TEXT, port, network),
	WORD("host", WORD_TEXT, port, host),
	WORD("mtu", WORD_NUMBER, port, mtu),
	WORD("queues", WORD_NUMBER, port, queues),
	WORD("vlan", WORD_NUMBER, port, vlan),
	WORD("inbound", WORD_NUMBER, port, inbound),
	WORD("outbound", WORD_NUMBER, port, outbound),
	WORD("isolated", WORD_FLAG, port, isolated),
	WORD("mac-filter", WORD_FLAG, port, mac_filter),
	WORD("ip-filter", WORD_FLAG, port, ip_filter),
};

static const struct word network_words[] = {
	WORD("bridge", WORD_TEXT, network_config, bridge),
	WORD("uplink", WORD_TEXT, network_config, uplink),
	WORD("allow-default-uplink", WORD_FLAG, network_config, allow_default_uplink),
	WORD("mtu", WORD_NUMBER, network_config, mtu),
	WORD("stp", WORD_FLAG, network_config, stp),
	WORD("forward-delay-usec", WORD_NUMBER, network_config, forward_delay_usec),
	WORD("ageing-usec", WORD_NUMBER, network_config, ageing_usec),
	WORD("vlan-filtering", WORD_FLAG, network_config, vlan_filtering),
	WORD("multicast-snooping", WORD_FLAG, network_config, multicast_snooping),
	WORD("isolate-ports", WORD_FLAG, network_config, isolate_ports),
	WORD("nat", WORD_FLAG, network_config, nat),
	WORD("server", WORD_FLAG, network_config, server),
	WORD("uplink-was-down", WORD_FLAG, network_config, uplink_was_down),
};

static int set_word(
	const struct word *words, size_t count, char *text, void *out, struct error *error)
{
	char *value = strchr(text, '=');
	if (value)
		*value++ = '\0';
	for (size_t i = 0; value && i < count; i++) {
		void *field = (char *)out + words[i].offset;
		bool flag;
		if (strcmp(words[i].name, text) != 0)
			continue;
		if (words[i].type == WORD_TEXT && *value)
			*(const char **)field = value;
		else if (words[i].type == WORD_FLAG && scalar_parse_bool(value, true, &flag) == 0)
			*(bool *)field = flag;
		else if (words[i].type != WORD_NUMBER || scalar_parse_count(value, field) < 0)
			break;
		return 0;
	}
	return error_set(
		error, EINVAL, "cannot read '%s%s%s'", text, value ? "=" : "", value ? value : "");
}

int port_read(char *words, struct port *ret_port, struct error *error)
{
	struct port port = {0};
	for (char *word; (word = strsep(&words, ","));) {
		int r = set_word(port_words, ARRAY_SIZE(port_words), word, &port, error);
		if (r < 0)
			return r;
	}
	if (!port.nic || !port.tap || (!port.bridge && !port.link))
		return error_set(
			error, EINVAL, "an interface needs nic=, tap= and bridge= or link=");
	if (strlen(port.tap) >= IFNAMSIZ || port.queues > PORT_QUEUES_MAX)
		return error_set(
			error, EINVAL, "interface %s: tap= or queues= is out of bounds", port.nic);
	*ret_port = port;
	return 0;
}

static int read_word(struct network_config *config, char *word, struct error *error)
{
	if (strncmp(word, "nic=", 4) == 0)
		return port_read(word, &config->nics[config->nic_count++], error);
	if (strncmp(word, "port=", 5) == 0) {
		config->ports[config->port_count++] = word + 5;
		return 0;
	}
	if (strncmp(word, "address=", 8) != 0)
		return set_word(network_words, ARRAY_SIZE(network_words), word, config, error);
	if (config->address_count == NETWORK_ADDRESSES_MAX)
		return error_set(error, EINVAL, "too many addresses");
	config->addresses[config->address_count++] = word + 8;
	return 0;
}

int network_config_read(
	char *const words[], size_t count, struct network_config *ret_config, struct error *error)
{
	struct network_config config = {
		.multicast_snooping = true,
		.nics = calloc(count + 1, sizeof(*config.nics)),
		.ports = calloc(count + 1, sizeof(*config.ports)),
	};
	int r = 0;
	if (!config.nics || !config.ports) {
		network_config_done(&config);
		return error_set(error, ENOMEM, "not enough memory for the network");
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_word(&config, words[i], error);
	if (r == 0 && !config.bridge)
		r = error_set(error, EINVAL, "a network needs bridge=");
	if (r < 0)
		network_config_done(&config);
	else
		*ret_config = config;
	return r;
}

void network_config_done(struct network_config *config)
{
	free(config->nics);
	free(config->ports);
	config->nics = NULL;
	config->ports = NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/qemu.h"

static void emit_socket(
	const struct plan *plan, const char *id, const char *file, struct options *options)
{
	options_add(options, "-chardev", "socket,id=", id, ",path=", plan->runtime_directory, "/",
		file, ",server=on,wait=off", NULL);
}

void qemu_emit_monitors(const struct plan *plan, struct options *options)
{
	char fd[OPTION_NUMBER_BYTES];
	/* A monitor serves one client: whoever holds the first must not delay the stop. */
	emit_socket(plan, "qmp", PLAN_QMP_SOCKET, options);
	options_add(options, "-mon", "chardev=qmp,mode=control", NULL);
	emit_socket(plan, "stop", PLAN_STOP_SOCKET, options);
	options_add(options, "-mon", "chardev=stop,mode=control", NULL);
	options_add(options, "-chardev",
		"socket,id=supervisor,fd=", option_number(PLAN_FD_SUPERVISOR, fd), NULL);
	options_add(options, "-mon", "chardev=supervisor,mode=control", NULL);
}

void qemu_emit_console(const struct plan *plan, struct options *options)
{
	char fd[OPTION_NUMBER_BYTES];
	if (!plan->vm->console.serial)
		return;
	options_add(options, "-chardev", "socket,id=serial,fd=", option_number(PLAN_FD_SERIAL, fd),
		NULL);
	options_add(options, "-serial", "chardev:serial", NULL);
}

/* QEMU's guest agent finds its port by that name (qemu-ga(8)). */
void qemu_emit_agent(const struct plan *plan, struct options *options)
{
	emit_socket(plan, "agent", PLAN_AGENT_SOCKET, options);
	options_add(
		options, "-device", "virtio-serial-", qemu_virtio_bus(plan), ",id=agent-bus", NULL);
	options_add(options, "-device",
		"virtserialport,id=" PLAN_AGENT_DEVICE
		",bus=agent-bus.0,chardev=agent,name=org.qemu.guest_agent.0",
		NULL);
}

/* What the guest's systemd would say over vsock, it can say here where the host has none. */
void qemu_emit_notify(const struct plan *plan, struct options *options)
{
	if (plan->vm->ready.when != READY_NOTIFY)
		return;
	emit_socket(plan, "notify", PLAN_NOTIFY_SOCKET, options);
	options_add(options, "-device",
		"virtserialport,bus=agent-bus.0,chardev=notify,name=" PLAN_NOTIFY_PORT, NULL);
}

static const char *watchdog_action(enum watchdog_action action)
{
	switch (action) {
	case WATCHDOG_RESET:
		return "reset";
	case WATCHDOG_POWEROFF:
		return "poweroff";
	case WATCHDOG_RESTART: /* by systemd, as the supervisor tells it */
	case WATCHDOG_ACTION_COUNT:
		return "pause";
	}
	return "pause";
}

/* How the guest tells that it is in trouble. They come last: the addresses of all else stay. */
void qemu_emit_health(const struct plan *plan, struct options *options)
{
	const struct watchdog *watchdog = &plan->vm->watchdog;
	if (watchdog->given) {
		options_add(options, "-device", choice_name(&watchdog_model_names, watchdog->model),
			NULL);
		options_add(options, "-action",
			"watchdog=", watchdog_action((enum watchdog_action)watchdog->action), NULL);
	}
	if (plan->vm->machine != MACHINE_MICROVM)
		options_add_fixed(options, "-device", "pvpanic-pci");
	options_add_fixed(options, "-action", "panic=exit-failure");
}

/* Places for what is plugged in while the guest runs: q35's own bus takes nothing then (QEMU,
 * docs/pcie.txt); pc's does, and a microvm has no PCI. */
void qemu_emit_hotplug(const struct plan *plan, struct options *options)
{
	static const char *const ports[] = {
		"pcie-root-port,id=hotplug_1,chassis=1",
		"pcie-root-port,id=hotplug_2,chassis=2",
		"pcie-root-port,id=hotplug_3,chassis=3",
		"pcie-root-port,id=hotplug_4,chassis=4",
	};
	_Static_assert(sizeof(ports) / sizeof(ports[0]) == PLAN_HOTPLUG_PORTS, "a port each");
	for (size_t i = 0; plan->vm->machine == MACHINE_Q35 && i < PLAN_HOTPLUG_PORTS; i++)
		options_add_fixed(options, "-device", ports[i]);
}

void qemu_emit_port(
	const struct plan *plan, const char *name, size_t number, struct options *options)
{
	char chassis[OPTION_NUMBER_BYTES];
	if (plan->vm->machine != MACHINE_Q35)
		return;
	options_add(options, "-device", "pcie-root-port,id=port_", name,
		",chassis=", option_number(PLAN_HOTPLUG_PORTS + number, chassis), NULL);
}

const char *qemu_port_bus(const struct plan *plan, const char *name, struct options *options)
{
	if (plan->vm->machine != MACHINE_Q35)
		return "";
	const char *bus = arena_join(options->arena, ",bus=port_", name, NULL);
	options->failed |= !bus;
	return bus ? bus : "";
}

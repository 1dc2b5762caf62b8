# Asking the Docker engine.
# shellcheck shell=sh
# shellcheck disable=SC2154 # home comes from tools.sh

# docker_engine DOCKER: prints the engine's version, or why it does not answer.
docker_engine() {
  "$1" version --format '{{.Server.Version}}' 2>&1 </dev/null
}

# docker_mirrors DOCKER: the registry mirrors that the engine is configured with.
docker_mirrors() {
  "$1" info --format '{{range .RegistryConfig.Mirrors}}{{.}} {{end}}' 2>/dev/null </dev/null
}

# Where scripts/start-docker leaves the number of the process that it started.
dockerd_pid_file=$home/docker/dockerd.pid

# Whether that process is alive, and still the engine after a restart of the machine.
dockerd_started_by_hand() {
  [ -s "$dockerd_pid_file" ] && grep -qs dockerd "/proc/$(cat "$dockerd_pid_file" 2>/dev/null)/cmdline"
}

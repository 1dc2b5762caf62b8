# Asking the Docker engine.
# shellcheck shell=sh

# docker_engine DOCKER: prints the engine's version, or why it does not answer.
docker_engine() {
  "$1" version --format '{{.Server.Version}}' 2>&1 </dev/null
}

# docker_mirrors DOCKER: the registry mirrors that the engine is configured with.
docker_mirrors() {
  "$1" info --format '{{range .RegistryConfig.Mirrors}}{{.}} {{end}}' 2>/dev/null </dev/null
}

run "is_one_line_of_json_whatever_is_in_it" {
  module {
    source = "./tests/user-data"
  }

  variables {
    node = {
      founder  = true
      managers = 3
      services = { WEB_IMAGE = "it's $HOME `id` \"x\"\nEND_OF_NODE\n" }
    }
  }

  assert {
    condition = output.script == <<-EOT
      #!/bin/sh
      # Tells this machine what it is in its cluster, then starts what its image brings.
      set -eu

      umask 077
      install -d -m 0755 /etc/swarm-cluster
      cat >/etc/swarm-cluster/node.json.new <<'END_OF_NODE'
      {"founder":true,"managers":3,"services":{"WEB_IMAGE":"it's $HOME `id` \"x\"\nEND_OF_NODE\n"}}
      END_OF_NODE
      mv /etc/swarm-cluster/node.json.new /etc/swarm-cluster/node.json

      systemctl start --no-block swarm-node.service
    EOT

    error_message = "no value should end the document, or be read by the shell"
  }
}

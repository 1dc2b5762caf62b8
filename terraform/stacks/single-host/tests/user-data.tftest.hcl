run "quotes_every_value" {
  module {
    source = "./tests/user-data"
  }

  variables {
    instance_env = {
      BACKQUOTE = "`id`"
      BACKSLASH = "a\\b"
      DOLLAR    = "$HOME $(id) $${x}"
      EMPTY     = ""
      QUOTE     = "it's \"fine\""
    }
  }

  assert {
    condition = output.script == <<-EOT
      #!/bin/sh
      # Tells this instance where it is, then starts what its image brings.
      set -eu

      umask 077
      install -d -m 0755 /etc/single-host
      cat >/etc/single-host/instance.env.new <<'END_OF_INSTANCE_ENV'
      BACKQUOTE='`id`'
      BACKSLASH='a\b'
      DOLLAR='$HOME $(id) $${x}'
      EMPTY=''
      QUOTE='it'\''s "fine"'
      END_OF_INSTANCE_ENV
      mv /etc/single-host/instance.env.new /etc/single-host/instance.env

      systemctl start --no-block single-host-boot.service
    EOT

    error_message = "each value should be one word to a shell, whatever is in it"
  }
}

stack "single-host" {
  description = "A Ruby app, MariaDB and nginx on one machine, released without downtime"
  region      = "eu-west-1"
  terraform   = "terraform/stacks/single-host"
}

# The password of the app's account in the database: one line.
credential "single_host_mysql_password" {
  env       = "MYSQL_PASSWORD"
  pass      = "aws/single-host/mysql_password"
  keyring   = "single_host_mysql_password"
  terraform = "mysql_password"
}

# What the app signs with: one line, 16 characters or more.
credential "single_host_secret_key_base" {
  env       = "SECRET_KEY_BASE"
  pass      = "aws/single-host/secret_key_base"
  keyring   = "single_host_secret_key_base"
  terraform = "secret_key_base"
}

# An EC2 key pair of the region; with its private key the tasks reach the machine. Another one
# makes another machine.
env "KEY_NAME" { default = "" }

# The app to release: a folder with a Dockerfile.
env "APP_ROOT_DIR" { default = "infra/single-host/app" }

image "single-host" {
  template = "packer/single-host"
  name     = "single-host-${environment.name}"
  keep     = 2
  inputs   = ["infra/single-host/database/**", "infra/single-host/host/**"]
}

variables = {
  ami_id      = image.single-host.id
  environment = environment.name
}

# The machine with its database. The app comes with its first release.
check "machine" {
  url      = "${output.app_url}.host/ready"
  contains = "ready"
  timeout  = "15m"
}

task "release" {
  description = "Build, migrate and start the app on the machine: -- --version 2"
  command     = ["infra/single-host/tasks/release", output.ssh_target, output.instance_id, environment.region, env.APP_ROOT_DIR]
}

task "rollback" {
  description = "Have the version before serve again; the database stays as it is"
  command     = ["infra/single-host/tasks/on-host", output.ssh_target, output.instance_id, environment.region, "rollback"]
}

task "status" {
  description = "Which version serves"
  command     = ["infra/single-host/tasks/on-host", output.ssh_target, output.instance_id, environment.region, "status"]
}

task "logs" {
  description = "What the app has printed: -- --lines 50"
  command     = ["infra/single-host/tasks/on-host", output.ssh_target, output.instance_id, environment.region, "logs"]
}

task "console" {
  description = "A command in the app's environment: -- rake -T"
  command     = ["infra/single-host/tasks/on-host", output.ssh_target, output.instance_id, environment.region, "console", "--"]
}

task "backup" {
  description = "Copy the database to a file on the data volume"
  command     = ["infra/single-host/tasks/on-host", output.ssh_target, output.instance_id, environment.region, "backup"]
}

task "backups" {
  description = "Name the copies that backup made"
  command     = ["infra/single-host/tasks/on-host", output.ssh_target, output.instance_id, environment.region, "backups"]
}

task "restore" {
  description = "Make the database what it was at the last backup, or: -- --backup NAME"
  command     = ["infra/single-host/tasks/on-host", output.ssh_target, output.instance_id, environment.region, "restore"]
}

task "snapshots" {
  description = "Name the nightly copies of the data volume"
  command     = ["infra/single-host/tasks/snapshots", environment.name]
}

# Nothing is left of a destroyed deployment but this and the nightly copies.
task "keep-last-copy" {
  description = "Copy the data volume before it is destroyed"
  when        = "before-destroy"
  command     = ["infra/common/tasks/keep-last-copy", "single-host", environment.name]
}

summary = [
  "app:      ${output.app_url}",
  "shell:    ${output.ssh_command}",
  "release:  ./run task release --stack single-host --env ${environment.name} -- --version 1 (the next time 2, 3, ...)",
  "back:     ./run task rollback --stack single-host --env ${environment.name}",
  "logs:     ./run task logs --stack single-host --env ${environment.name}",
  "command:  ./run task console --stack single-host --env ${environment.name} -- rake -T",
  "data:     ./run task backup (or restore) --stack single-host --env ${environment.name}",
]

# What can be thrown away is thrown away whole. The emulator knows no lifecycle manager, and
# nobody is called when an emulated machine is unwell.
environment "sandbox" {
  variables = {
    alarms                  = false
    nightly_snapshots       = false
    recovery_window_in_days = 0
  }
}

# With ssh_cidrs, SSH is open to these ranges; without, it goes through Session Manager.
environment "staging" {
  approve = "prompt"

  variables = {
    key_name                = env.KEY_NAME
    recovery_window_in_days = 7
  }
}

# Where more than one person deploys, the state belongs in a bucket: a block `backend "s3"`.
environment "prod" {
  approve = "prompt"

  variables = {
    key_name         = env.KEY_NAME
    instance_type    = "t3.medium"
    data_volume_size = 50

    # Named, so that the data volume stays where it is whatever the region offers later.
    availability_zone = "eu-west-1a"
  }
}

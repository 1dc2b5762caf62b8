stack "insight" {
  description = "Flask behind httpd and PostgreSQL, each on an image of its own, found through Consul"
  region      = "us-east-1"
  terraform   = "terraform/stacks/insight"
}

# 8 to 128 printable ASCII characters, without / " @ and space: what RDS accepts too.
credential "insight_db_pass" {
  env       = "INSIGHT_DB_PASS"
  pass      = "aws/insight/db_pass"
  keyring   = "insight_db_pass"
  terraform = "db_password"
}

# Any text of 16 characters or more.
credential "insight_mesh_key" {
  env       = "INSIGHT_MESH_KEY"
  pass      = "aws/insight/mesh_key"
  keyring   = "insight_mesh_key"
  terraform = "mesh_key"
}

# Where the images get Consul: the publisher, or a mirror that has its files. What comes from
# there is only used with the publisher's signature.
env "CONSUL_URL" { default = "https://releases.hashicorp.com/consul" }

image "httpd" {
  template  = "packer/insight/httpd"
  name      = "insight-httpd-${environment.name}"
  keep      = 2
  inputs    = ["infra/insight/app/**", "infra/insight/host/common/**", "infra/insight/host/httpd/**"]
  variables = { consul_url = env.CONSUL_URL }
}

image "postgres" {
  template  = "packer/insight/postgres"
  name      = "insight-postgres-${environment.name}"
  keep      = 2
  inputs    = ["infra/insight/host/common/**", "infra/insight/host/postgres/**"]
  variables = { consul_url = env.CONSUL_URL }
}

variables = {
  httpd_ami_id    = image.httpd.id
  postgres_ami_id = image.postgres.id
  environment     = environment.name
}

check "page" {
  url      = output.insight_url
  contains = "PostgreSQL"
  timeout  = "10m"
}

# Nothing is left of a destroyed deployment but this.
task "keep-last-copy" {
  description = "Copy the database's volume before it is destroyed"
  when        = "before-destroy"
  command     = ["infra/common/tasks/keep-last-copy", "insight", environment.name]
}

summary = [
  "insight:  ${output.insight_url}",
  "database: ${output.database} at ${output.database_endpoint}",
  "shell:    aws ssm start-session --target INSTANCE",
]

# What can be thrown away is thrown away whole: nothing stays behind after a destroy. Where
# Consul cannot be downloaded, a stand-in is enough to try the rest. The emulator never gives
# back the address of a machine that is gone, so it is not asked for.
environment "sandbox" {
  image "httpd" { variables = { consul_stand_in = "allowed" } }
  image "postgres" { variables = { consul_stand_in = "allowed" } }

  variables = {
    min_size                  = 1
    pin_database_address      = false
    rds_backup_retention_days = 0
    rds_deletion_protection   = false
    rds_skip_final_snapshot   = true
    recovery_window_in_days   = 0
  }
}

environment "staging" {
  approve = "prompt"

  variables = {
    min_size                  = 1
    rds_backup_retention_days = 1
    rds_deletion_protection   = false
    rds_skip_final_snapshot   = true
    recovery_window_in_days   = 7
  }
}

# For RDS in place of the own image: database = "rds" among the variables. Where more than
# one person deploys, the state belongs in a bucket: a block `backend "s3"` in here.
environment "prod" {
  approve = "prompt"

  variables = {
    min_size = 2

    # Named, so that the database's volume stays where it is whatever the region offers later.
    availability_zones = ["us-east-1a", "us-east-1b"]

    database_instance_type = "t3.medium"
    data_volume_size       = 50
    rds_multi_az           = true
  }
}

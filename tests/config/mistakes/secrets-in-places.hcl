stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

credential "db_pass" {
  env = "DB_PASS"
}

variables = {
  url    = "postgres://app:${credential.db_pass}@db"
  nested = { password = credential.db_pass }
}

check "front" {
  url = "https://example.com/?token=${credential.db_pass}"
}

task "migrate" {
  command = ["psql", credential.db_pass]
}

summary = [credential.db_pass]

environment "prod" {
  backend "s3" {
    bucket     = "state"
    secret_key = credential.db_pass
  }
}

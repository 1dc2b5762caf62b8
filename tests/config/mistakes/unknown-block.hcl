stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

credentail "db_pass" {
  env = "DB_PASS"
}

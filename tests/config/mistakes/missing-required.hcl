stack "dashboard" {
  terraform = "terraform/stacks/dashboard"
}

image "dashboard" {
  keep = 2
}

check "front" {
  contains = "x"
}

task "logs" {
}

credential "db_pass" {
  terraform = "db_password"
}

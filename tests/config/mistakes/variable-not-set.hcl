stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

env "CI_COMMIT" {
}

env "CI_BRANCH" {
  default = "main"
}

variables = { commit = env.CI_COMMIT, branch = env.CI_BRANCH }

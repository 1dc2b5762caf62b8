stack "fargate" {
  description = "Flask on Fargate behind a load balancer, with the pipeline that tests and deploys it"
  region      = "us-east-1"
  terraform   = "terraform/stacks/fargate"
}

# With the scope `repo`, for a pipeline without a connection. It goes from the task `release` to
# the pipeline, and not through Terraform, which would keep it in its state.
credential "github_token" {
  env      = "GITHUB_TOKEN"
  pass     = "github/amiable/token"
  keyring  = "github_token"
  optional = true
}

# Your copy of this project on GitHub, OWNER/NAME, and the branch of it that is deployed.
env "FARGATE_REPOSITORY" { default = "" }
env "FARGATE_BRANCH" { default = "main" }

# The ARN of a connection to GitHub that is available; then no token is needed.
env "FARGATE_CONNECTION" { default = "" }

variables = {
  environment    = environment.name
  repository     = env.FARGATE_REPOSITORY
  branch         = env.FARGATE_BRANCH
  connection_arn = env.FARGATE_CONNECTION
}

# Nobody has to open the console: the first deployment has its image from here, too.
task "release" {
  description = "Start the pipeline and wait for its result; in the sandbox try the image here"
  when        = "after-apply"
  command     = ["infra/fargate/tasks/release", environment.name, output.pipeline_name]
  credentials = ["github_token"]
}

task "try-app" {
  description = "Build the application's image on this machine's Docker engine, and try it"
  command     = ["infra/fargate/tasks/try-app"]
}

# Terraform deletes nothing that is full or busy.
task "empty" {
  description = "Stop what runs, and empty the repository and the artifact bucket"
  when        = "before-destroy"
  command     = ["infra/fargate/tasks/empty", environment.name]
}

check "time" {
  url      = output.time_url
  contains = "Automation for the People"
  timeout  = "5m"
}

summary = [
  "application: ${output.time_url}",
  environment.name == "sandbox" ? "pipeline:    skipped, the sandbox runs none" : "pipeline:    ${output.pipeline_url}",
  "logs:        aws logs tail ${output.log_groups[0]} --follow --region ${output.region}",
]

# The emulator is asked in clear, insists on places that CodePipeline decides, and reads no
# repository.
environment "sandbox" {
  variables = {
    repository                 = "example/amiable"
    connection_arn             = "arn:aws:codestar-connections:us-east-1:123456789012:connection/00000000-0000-4000-8000-000000000000"
    encrypted_connections_only = false
    project_location           = "decided-by-codepipeline"
  }
}

environment "dev" {
  approve = "prompt"

  variables = {
    min_tasks             = 1
    max_tasks             = 2
    log_retention_in_days = 7
  }
}

environment "stage" {
  approve   = "prompt"
  variables = { max_tasks = 4 }
}

# Only amiable deploys here, not every push. Where more than one person deploys, the state
# belongs in a bucket: a block `backend "s3"` in here.
environment "prod" {
  approve = "prompt"

  variables = {
    deploy_on_push     = false
    deployment         = "blue-green"
    min_tasks          = 3
    max_tasks          = 12
    container_insights = true

    # Named, so that the subnets stay where they are whatever the region offers later.
    availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
  }
}

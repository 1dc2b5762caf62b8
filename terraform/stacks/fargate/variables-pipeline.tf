variable "repository" {
  description = "GitHub repository that the pipeline takes the application from: OWNER/NAME."
  type        = string

  validation {
    # Empty is refused by the pipeline: a destroy needs no repository.
    condition     = var.repository == "" || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "The repository must be written OWNER/NAME: your copy of this project on GitHub."
  }
}

variable "branch" {
  description = "Branch that the pipeline deploys."
  type        = string
  default     = "main"

  validation {
    condition     = length(var.branch) > 0
    error_message = "The branch must not be empty."
  }
}

variable "connection_arn" {
  description = "ARN of a connection to GitHub (Developer Tools > Connections) that is available. Empty means a GitHub token, which the task release hands to the pipeline."
  type        = string
  default     = ""

  validation {
    condition     = var.connection_arn == "" || can(regex("^arn:[a-z-]+:(codestar-connections|codeconnections):", var.connection_arn))
    error_message = "The connection_arn must be the ARN of a connection, arn:aws:codestar-connections:... or arn:aws:codeconnections:..., or empty."
  }
}

variable "deploy_on_push" {
  description = "Whether a push to the branch starts the pipeline; otherwise only a deployment with amiable does."
  type        = bool
  default     = true
}

variable "pipeline_folder" {
  description = "Folder in the repository with what the builds do: test.yml, lint.yml, build.yml and deploy.yml."
  type        = string
  default     = "infra/fargate/pipeline"

  validation {
    condition     = !startswith(var.pipeline_folder, "/") && !endswith(var.pipeline_folder, "/") && length(var.pipeline_folder) > 0
    error_message = "The pipeline_folder must be a path in the repository, without a slash at its ends."
  }
}

variable "base_image" {
  description = "Image that the application's image is built on. CodeBuild's addresses share what Docker Hub grants to anonymous users, so it comes from ECR's public gallery."
  type        = string
  default     = "public.ecr.aws/docker/library/debian:bookworm-slim"
}

variable "build_image" {
  description = "Image of CodeBuild that the builds run in."
  type        = string
  default     = "aws/codebuild/standard:7.0"
}

variable "kept_images" {
  description = "Images of the application that ECR keeps."
  type        = number
  default     = 20

  validation {
    condition     = var.kept_images >= 2 && floor(var.kept_images) == var.kept_images
    error_message = "The kept_images must be a whole number from 2: the running one, and one to go back to."
  }
}

variable "artifact_days" {
  description = "Days that what the pipeline's stages hand to each other is kept."
  type        = number
  default     = 30

  validation {
    condition     = var.artifact_days >= 1 && floor(var.artifact_days) == var.artifact_days
    error_message = "The artifact_days must be a whole number from 1."
  }
}

variable "encrypted_connections_only" {
  description = "Whether the artifact bucket refuses requests without TLS. False for emulators, which are asked in clear."
  type        = bool
  default     = true
}

variable "project_location" {
  description = "Location of the builds' sources and artifacts, which CodePipeline decides and CodeBuild ignores. Emulators insist on one."
  type        = string
  default     = null
}

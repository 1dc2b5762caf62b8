# Of the services that a new swarm begins with. A change renews the cluster; between two
# such renewals services are updated in the swarm itself.

variable "address_pool" {
  description = "IPv4 range, /16 or smaller, from which the swarm takes its overlay networks, a /24 each. Containers do not reach other machines in it."
  type        = string
  default     = "198.18.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.address_pool)) && can(regex("/(1[6-9]|2[0-2])$", var.address_pool))
    error_message = "The address_pool must be an IPv4 range from /16 to /22, for example 198.18.0.0/16."
  }
}

variable "web_image" {
  description = "Image of the web service; listens on port 80 and finds Redis as redis:6379."
  type        = string
  default     = "thebellman/getting-started:latest"

  validation {
    condition     = can(regex("^[a-z0-9][A-Za-z0-9._:/@-]*$", var.web_image))
    error_message = "The web_image must be the name of an image, such as thebellman/getting-started:latest."
  }
}

variable "web_replicas" {
  description = "Number of the web service's replicas, which run on the workers."
  type        = number
  default     = 6

  validation {
    condition     = var.web_replicas >= 1 && floor(var.web_replicas) == var.web_replicas
    error_message = "The web_replicas must be a whole number, 1 or more."
  }
}

variable "visualizer_image" {
  description = "Image of the visualizer; listens on port 8080 and reads Docker's socket."
  type        = string
  default     = "dockersamples/visualizer:stable"

  validation {
    condition     = can(regex("^[a-z0-9][A-Za-z0-9._:/@-]*$", var.visualizer_image))
    error_message = "The visualizer_image must be the name of an image, such as dockersamples/visualizer:stable."
  }
}

variable "redis_image" {
  description = "Image of Redis, with redis-cli in it."
  type        = string
  default     = "redis:7-alpine"

  validation {
    condition     = can(regex("^[a-z0-9][A-Za-z0-9._:/@-]*$", var.redis_image))
    error_message = "The redis_image must be the name of an image, such as redis:7-alpine."
  }
}

variable "name" {
  description = "Identifier of the database instance."
  type        = string

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9]+)*$", var.name)) && length(var.name) <= 40
    error_message = "The name must have up to 40 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the database, in two or more zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS needs subnets in at least two zones."
  }
}

variable "client_security_groups" {
  description = "Security groups that may connect: what it is => group id."
  type        = map(string)
}

variable "engine_version" {
  description = "PostgreSQL version. A major version alone leaves the choice of the minor one, and its upgrades, to RDS."
  type        = string
  default     = "16"

  validation {
    condition     = can(regex("^[1-9][0-9]+(\\.[0-9]+)?$", var.engine_version))
    error_message = "The engine_version must be a PostgreSQL version such as 16 or 16.4."
  }
}

variable "instance_class" {
  description = "Size of the database instance."
  type        = string
  default     = "db.t4g.micro"

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "The instance_class must look like db.t4g.micro."
  }
}

variable "allocated_storage" {
  description = "GiB of storage to begin with."
  type        = number
  default     = 20

  validation {
    condition     = var.allocated_storage >= 20 && floor(var.allocated_storage) == var.allocated_storage
    error_message = "The allocated_storage must be a whole number of GiB, 20 or more."
  }
}

variable "max_allocated_storage" {
  description = "GiB up to which RDS may grow the storage, or 0 to leave it as it is."
  type        = number
  default     = 100

  validation {
    condition     = var.max_allocated_storage >= 0 && floor(var.max_allocated_storage) == var.max_allocated_storage
    error_message = "The max_allocated_storage must be a whole number of GiB, or 0."
  }
}

variable "username" {
  description = "Name of the database's administrator."
  type        = string
  default     = "postgres"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.username)) && !can(regex("^(rds|pg_|admin$|user$)", var.username))
    error_message = "The username must have up to 63 lower-case letters, digits and underscores, begin with a letter, and be none that RDS reserves (admin, user, rds..., pg_...)."
  }
}

variable "password" {
  description = "Password of the database's administrator."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[!-~]{8,128}$", var.password)) && !can(regex("[/\"@]", var.password))
    error_message = "RDS accepts 8 to 128 printable ASCII characters, without slash, double quote, at sign and space."
  }
}

variable "multi_az" {
  description = "Whether a standby in another zone takes over when the database fails."
  type        = bool
  default     = false
}

variable "apply_immediately" {
  description = "Whether changes that restart the database are made at once rather than in the next maintenance window."
  type        = bool
  default     = false
}

variable "backup_retention_days" {
  description = "Days for which automatic backups are kept; 0 makes none."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_retention_days >= 0 && var.backup_retention_days <= 35
    error_message = "The backup_retention_days must be from 0 to 35."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the database until this is switched off."
  type        = bool
  default     = true
}

variable "skip_final_snapshot" {
  description = "Whether the database is deleted without a last snapshot."
  type        = bool
  default     = false
}

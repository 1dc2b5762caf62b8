variable "database" {
  description = "Where PostgreSQL runs: own (the image of this stack, with a volume of its own) or rds."
  type        = string
  default     = "own"

  validation {
    condition     = contains(["own", "rds"], var.database)
    error_message = "The database must be own or rds."
  }
}

variable "db_password" {
  description = "Password of the application's role in the database."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[!-~]{8,128}$", var.db_password)) && !can(regex("[/\"@]", var.db_password))
    error_message = "The db_password must have 8 to 128 printable ASCII characters, without slash, double quote, at sign and space: what RDS accepts too."
  }
}

variable "mesh_key" {
  description = "Secret text from which Consul's agents make the key of their gossip."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.mesh_key) >= 16
    error_message = "The mesh_key must have 16 characters or more."
  }
}

variable "recovery_window_in_days" {
  description = "Days in which the deleted secrets can be restored in Secrets Manager: 7 to 30, or 0 to delete them for good at once."
  type        = number
  default     = 30
}

# With database = "own".

variable "postgres_ami_id" {
  description = "Image of the database's machine."
  type        = string

  validation {
    condition     = can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.postgres_ami_id))
    error_message = "The postgres_ami_id must be the id of an image: ami- and 8 or 17 hexadecimal digits."
  }
}

variable "database_instance_type" {
  description = "Type of the database's machine."
  type        = string
  default     = "t3.small"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.database_instance_type))
    error_message = "The database_instance_type must look like t3.small."
  }
}

variable "pin_database_address" {
  description = "Whether AWS is asked for the address that the web servers are told. Only for emulators, which never free the address of a machine that is gone, is it false: the web servers do not find the database then."
  type        = bool
  default     = true
}

variable "data_volume_size" {
  description = "GiB of the volume with the database's data. It can grow, never shrink."
  type        = number
  default     = 20

  validation {
    condition     = var.data_volume_size >= 1 && var.data_volume_size <= 16384 && floor(var.data_volume_size) == var.data_volume_size
    error_message = "The data_volume_size must be a whole number of GiB from 1 to 16384."
  }
}

variable "data_snapshot_id" {
  description = "Snapshot to make the data volume from. Another value replaces the volume and what is on it: this is how a copy is restored."
  type        = string
  default     = null

  validation {
    condition     = var.data_snapshot_id == null ? true : can(regex("^snap-([0-9a-f]{8}|[0-9a-f]{17})$", var.data_snapshot_id))
    error_message = "The data_snapshot_id must be the id of a snapshot: snap- and 8 or 17 hexadecimal digits."
  }
}

# With database = "rds".

variable "rds_engine_version" {
  description = "PostgreSQL version on RDS. A major version alone leaves the choice of the minor one, and its upgrades, to RDS."
  type        = string
  default     = "16"
}

variable "rds_instance_class" {
  description = "Size of the RDS instance."
  type        = string
  default     = "db.t4g.micro"
}

variable "rds_multi_az" {
  description = "Whether a standby in another zone takes over when the RDS instance fails."
  type        = bool
  default     = false
}

variable "rds_backup_retention_days" {
  description = "Days for which automatic backups of the RDS instance are kept; 0 makes none."
  type        = number
  default     = 7
}

variable "rds_deletion_protection" {
  description = "Whether AWS refuses to delete the RDS instance. To destroy the stack, apply once with false first."
  type        = bool
  default     = true
}

variable "rds_skip_final_snapshot" {
  description = "Whether the RDS instance is destroyed without a last snapshot."
  type        = bool
  default     = false
}

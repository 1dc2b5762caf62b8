variable "db_password" {
  description = "Password of the database's administrator."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[!-~]{8,128}$", var.db_password)) && !can(regex("[/\"@]", var.db_password))
    error_message = "RDS accepts as db_password 8 to 128 printable ASCII characters, without slash, double quote, at sign and space."
  }
}

variable "db_username" {
  description = "Name of the database's administrator."
  type        = string
  default     = "postgres"
}

variable "db_engine_version" {
  description = "PostgreSQL version. A major version alone leaves the choice of the minor one, and its upgrades, to RDS."
  type        = string
  default     = "16"
}

variable "db_instance_class" {
  description = "Size of the database instance."
  type        = string
  default     = "db.t4g.micro"
}

variable "db_allocated_storage" {
  description = "GiB of storage of the database to begin with."
  type        = number
  default     = 20
}

variable "db_max_allocated_storage" {
  description = "GiB up to which RDS may grow the database's storage, or 0 to leave it as it is."
  type        = number
  default     = 100
}

variable "db_multi_az" {
  description = "Whether a standby in another zone takes over when the database fails."
  type        = bool
  default     = false
}

variable "db_apply_immediately" {
  description = "Whether changes that restart the database are made at once rather than in the next maintenance window."
  type        = bool
  default     = false
}

variable "db_backup_retention_days" {
  description = "Days for which automatic backups of the database are kept; 0 makes none."
  type        = number
  default     = 7
}

variable "db_deletion_protection" {
  description = "Whether AWS refuses to delete the database. To destroy the stack, apply once with false first."
  type        = bool
  default     = true
}

variable "db_skip_final_snapshot" {
  description = "Whether the database is destroyed without a last snapshot."
  type        = bool
  default     = false
}

variable "recovery_window_in_days" {
  description = "Days in which the deleted password can be restored in Secrets Manager: 7 to 30, or 0 to delete it for good at once."
  type        = number
  default     = 30
}

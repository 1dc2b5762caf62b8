variable "ami_id" {
  type        = string
  description = "Image that the instance runs."
}

variable "name" {
  type        = string
  description = "Name of everything here."
}

variable "instance_type" {
  type        = string
  description = "Type of the instance."
  default     = "t3.micro"
}

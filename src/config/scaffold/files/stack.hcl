stack "@NAME@" {
  description = "One web server on its own image"
  region      = "@REGION@"
  terraform   = "terraform/stacks/@NAME@"
}

image "@NAME@" {
  template = "packer/@NAME@"
}

variables = {
  ami_id = image.@NAME@.id
  name   = "@NAME@-${environment.name}"
}

check "page" {
  url      = output.url
  contains = "It works"
}

summary = [
  "@NAME@: ${output.url}",
]

environment "prod" {
  variables = { instance_type = "t3.small" }
}

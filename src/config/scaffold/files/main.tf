resource "aws_security_group" "web" {
  name        = var.name
  description = "HTTP from anywhere, and everything outward"
  tags        = { Name = var.name }

  ingress {
    description      = "HTTP"
    from_port        = 80
    to_port          = 80
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }

  egress {
    description      = "Everything"
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}

# In the default VPC, which an account has in each region.
resource "aws_instance" "web" {
  ami                    = var.ami_id
  instance_type          = var.instance_type
  vpc_security_group_ids = [aws_security_group.web.id]
  tags                   = { Name = var.name }

  root_block_device {
    encrypted   = true
    volume_size = 8
    volume_type = "gp3"
  }
}

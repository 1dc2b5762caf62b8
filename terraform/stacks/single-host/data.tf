# The database, the releases' sources and the copies that `task backup` makes.
resource "aws_ebs_volume" "data" {
  availability_zone = local.availability_zone
  size              = var.data_volume_size
  type              = "gp3"
  encrypted         = true
  snapshot_id       = var.data_snapshot_id

  tags = { Name = "${local.name}-data" }
}

# The state in which another machine gets the data. All of a database on one volume can be
# copied while it runs: MariaDB starts from it as after a power cut.
resource "aws_ebs_snapshot" "before_replacement" {
  volume_id   = aws_ebs_volume.data.id
  description = "Data of ${local.name}, before the machine that runs ${var.ami_id}"

  tags = { Name = "${local.name}-before-replacement" }

  lifecycle {
    replace_triggered_by  = [terraform_data.machine]
    create_before_destroy = true
  }
}

resource "aws_volume_attachment" "data" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.host.id

  # A volume that is in use cannot be taken from a running machine. The machine's end
  # stops the database, unmounts the volume and gives it back.
  skip_destroy = true
}

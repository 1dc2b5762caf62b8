"""What a machine of the swarm cluster runs. Only effects and decisions of one node are here;
what the cluster consists of is Terraform's."""

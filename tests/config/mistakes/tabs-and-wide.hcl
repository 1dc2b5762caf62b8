stack "dashboard" {
	region      = "us-east-1"
	terraform   = "terraform/stacks/dashboard"
	description = "日本語 ${enviroment.name}"
}

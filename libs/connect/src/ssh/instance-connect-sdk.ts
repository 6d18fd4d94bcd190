/** EC2 Instance Connect's client, apart so that it is loaded only where a key is pushed. */
export { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';

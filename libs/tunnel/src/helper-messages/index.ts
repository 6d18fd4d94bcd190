/** What the client and the privileged helper say to each other, and the client's end of it. */
export {
  connectHelper,
  helperSocketPath,
  helperSocketPathDarwin,
  rawDescriptor,
  type HelperAddress,
  type HelperConnection,
  type OpenedByHelper,
} from './helper-client.ts';
export { encodeFrame, FrameDecoder } from './frames.ts';
export {
  changeForm,
  helperProtocol,
  limits,
  messageBytesMax,
  openForm,
  replyForm,
  requestForm,
  type ChangeRequest,
  type ChangeWish,
  type HelperReply,
  type HelperRequest,
  type HelperStatus,
  type Opened,
  type OpenRequest,
  type OpenWish,
} from './messages.ts';

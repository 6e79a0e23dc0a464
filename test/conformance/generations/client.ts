// Clients of all generations with the types of the newest, although the older ones name some results differently.
import type {
  ChatKittyFailedResult,
  SdkClient,
  StartChatSessionRequest,
  StartedChatSessionResult,
  UpdateMessagePropertiesRequest,
  UpdateMessagePropertiesResult,
} from '@chatkitty/core'
import type { Inbox, InboxOf } from '../realtime.ts'

export type Method = (...args: unknown[]) => unknown

/** Of names that mean the same, `|` between them, the one that the newest client has. */
export type Newest<Names> = Names extends `${string}|${infer Later}` ? Newest<Later> : Names

/** The newest client, with what older ones had besides. */
interface Known extends Omit<SdkClient, 'updateMessageProperties'> {
  updateMessageProperties(request: UpdateMessagePropertiesRequest): Promise<UpdateMessagePropertiesResult>
  deleteMessageForMe: SdkClient['deleteMessage']
}

/** What a method of these names gives that succeeds. */
export type GivenBy<Names> =
  Newest<Names> extends keyof Known
    ? Exclude<Awaited<ReturnType<Known[Newest<Names>]>>, ChatKittyFailedResult>
    : unknown

type Callback = (...args: never[]) => unknown

/** What an observer of these names hears. */
export type HeardBy<Names> =
  Newest<Names> extends keyof Known ? InboxOf<Extract<Parameters<Known[Newest<Names>]>[0], Callback>> : Inbox

/** A chat session hears of messages under the old name or the new one. */
type StartRequest = StartChatSessionRequest & {
  onReceivedMessage?: Required<StartChatSessionRequest>['onMessageReceived']
}

/** What all of them have. */
export interface Client
  extends Pick<SdkClient, 'startSession' | 'endSession' | 'createChannel' | 'sendMessage'> {
  startChatSession(request: StartRequest): StartedChatSessionResult
}

export type ClientClass = new (options: { apiKey: string; host: string; isSecure: boolean }) => Client

/** As chatkitty 1.58.2 calls what it has. */
export interface LegacyClient
  extends Client,
    Pick<SdkClient, 'sendKeystrokes' | 'readMessage' | 'reactToMessage' | 'joinChannel' | 'blockUser'>,
    Pick<SdkClient, 'onChannelJoined' | 'onChannelLeft' | 'onChannelUpdated'> {
  getCurrentUser: SdkClient['retrieveCurrentUser']
  getUser: SdkClient['retrieveUser']
  getUserBlockList(): ReturnType<SdkClient['listUserBlockedRecords']>
  deleteUserBlockListItem: SdkClient['deleteUserBlockedRecord']
  getChannel: SdkClient['retrieveChannel']
  getChannels: SdkClient['listChannels']
  leaveChannel(
    request: Pick<Parameters<SdkClient['leaveChannel']>[0], 'channel'>,
  ): ReturnType<SdkClient['leaveChannel']>
  getMessages: SdkClient['listMessages']
  getUnreadMessagesCount: SdkClient['countUnreadMessages']
  getLastReadMessage: SdkClient['retrieveLastReadMessage']
  deleteMessageForMe: SdkClient['deleteMessage']
}

export class ReceivedEventDto {
  /** Always true: the event is stored. */
  received: boolean;
}

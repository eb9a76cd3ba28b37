// Looks around by tilting the device, where it has the sensor and its owner agrees.

const FULL_TILT = 18;
type Asking = { requestPermission?: () => Promise<"granted" | "denied"> };

export function canTilt(): boolean {
  return "DeviceOrientationEvent" in window && matchMedia("(pointer: coarse)").matches;
}

export class Tilt {
  private rest: [number, number] | null = null;
  private readonly listen = (event: DeviceOrientationEvent): void => this.tilted(event);

  constructor(private readonly aim: (x: number, y: number) => void) {}

  /** Starts; throws where the device or its owner refuses. */
  async start(): Promise<void> {
    const asking = DeviceOrientationEvent as unknown as Asking;
    if (asking.requestPermission && (await asking.requestPermission()) !== "granted") {
      throw new Error("the device's motion may not be read; allow it in the browser's settings");
    }
    this.rest = null;
    window.addEventListener("deviceorientation", this.listen);
  }

  stop(): void {
    window.removeEventListener("deviceorientation", this.listen);
    this.aim(0, 0);
  }

  private tilted(event: DeviceOrientationEvent): void {
    if (event.beta === null || event.gamma === null) return;
    const turned = screen.orientation?.type.startsWith("landscape") ?? false;
    const [x, y] = turned ? [event.beta, -event.gamma] : [event.gamma, event.beta];
    this.rest ??= [x, y];
    // However the device is held becomes rest, slowly, so that nobody has to hold it still.
    this.rest = [this.rest[0] + 0.004 * (x - this.rest[0]), this.rest[1] + 0.004 * (y - this.rest[1])];
    this.aim((x - this.rest[0]) / FULL_TILT, (y - this.rest[1]) / FULL_TILT);
  }
}

using Darkroom.Demo;

return await DemoCommand.Create().Parse(args).InvokeAsync(DemoCommand.LeaveSignalsToUs);

using Darkroom.Cli;

return await DarkroomCommand.RunAsync(args, Terminal.OfThisProcess(), CancellationToken.None);

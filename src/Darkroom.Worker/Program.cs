return await Darkroom.Worker.WorkerApp.RunAsync(args);
